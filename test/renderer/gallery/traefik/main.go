// Command traefik reads files with the reader of Traefik's file provider, and fails like it.
//
// The types are those parts of Traefik's dynamic configuration that the gallery's template uses. Traefik's own package of
// types is a hundred times as much to compile.
package main

import (
	"fmt"
	"os"

	"github.com/traefik/paerser/file"
)

type router struct {
	Rule        string   `yaml:"rule,omitempty"`
	Service     string   `yaml:"service,omitempty"`
	Middlewares []string `yaml:"middlewares,omitempty"`
}

type headers struct {
	CustomRequestHeaders map[string]string `yaml:"customRequestHeaders,omitempty"`
}

type middleware struct {
	Headers *headers `yaml:"headers,omitempty"`
}

type server struct {
	URL string `yaml:"url,omitempty"`
}

type loadBalancer struct {
	Servers []server `yaml:"servers,omitempty"`
}

type service struct {
	LoadBalancer *loadBalancer `yaml:"loadBalancer,omitempty"`
}

type http struct {
	Routers     map[string]*router     `yaml:"routers,omitempty"`
	Services    map[string]*service    `yaml:"services,omitempty"`
	Middlewares map[string]*middleware `yaml:"middlewares,omitempty"`
}

type configuration struct {
	HTTP *http `yaml:"http,omitempty"`
}

func main() {
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func check(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	read := configuration{}
	if err := file.DecodeContent(string(text), ".yml", &read); err != nil || read.HTTP == nil {
		return err
	}
	for name, router := range read.HTTP.Routers {
		if service := read.HTTP.Services[router.Service]; service == nil || service.LoadBalancer == nil {
			return fmt.Errorf("router %s: service %q has no load balancer", name, router.Service)
		}
		for _, middleware := range router.Middlewares {
			if read.HTTP.Middlewares[middleware] == nil {
				return fmt.Errorf("router %s: there is no middleware %q", name, middleware)
			}
		}
	}
	return nil
}
