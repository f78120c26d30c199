// Verifies audit trails without any code of the agent: verifier PUBLIC-KEY < DIRECTORIES, one a line.
// Prints an exit code for each: 0 whole, 1 tampered, 2 incomplete, 3 no trail.
// verifier PUBLIC-KEY tiles DIRECTORY and verifier PUBLIC-KEY proof FILE verify what sallyport-audit exports.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type hashes map[int64]tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := h[index]
		if !ok {
			return nil, errors.New("unknown hash")
		}
		found[i] = hash
	}
	return found, nil
}

type trail struct {
	key    note.Verifier
	hashes hashes
	size   int64
	signed *tlog.Tree
}

var errTampered = errors.New("tampered")

// open returns the tree in a checkpoint that the key signed, and nothing but that.
func (t *trail) open(text []byte) (*tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(t.key))
	if err != nil || len(n.Sigs) != 1 {
		return nil, errTampered
	}
	signature, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	again := n.Text + "\n— " + t.key.Name() + " " + base64.StdEncoding.EncodeToString(signature) + "\n"
	var tree tlog.Tree
	var origin, root string
	if _, scanned := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &tree.N, &root); err != nil || scanned != nil || origin != t.key.Name() || again != string(text) {
		return nil, errTampered
	}
	tree.Hash, err = tlog.ParseHash(root)
	return &tree, err
}

func (t *trail) compare(tree *tlog.Tree) error {
	if root, err := tlog.TreeHash(t.size, t.hashes); tree != nil && tree.N == t.size && (err != nil || root != tree.Hash) {
		return errTampered
	}
	return nil
}

// start continues from the right edge of a tree of another size.
func (t *trail) start(size int64, edge [][]byte) error {
	t.size, t.hashes = size, hashes{}
	offset := int64(0)
	for level := 62; level >= 0; level-- {
		if size&(1<<level) == 0 {
			continue
		}
		if len(edge) == 0 || len(edge[0]) != tlog.HashSize {
			return errTampered
		}
		t.hashes[tlog.StoredHashIndex(level, offset>>level)] = tlog.Hash(edge[0])
		offset, edge = offset+1<<level, edge[1:]
	}
	return t.compare(t.signed)
}

func (t *trail) add(line []byte) error {
	stored, err := tlog.StoredHashesForRecordHash(t.size, tlog.RecordHash(line), t.hashes)
	for i, hash := range stored {
		t.hashes[tlog.StoredHashIndex(0, t.size)+int64(i)] = hash
	}
	t.size++
	return errors.Join(err, t.compare(t.signed))
}

func (t *trail) verify(directory string) (missing bool, err error) {
	files, _ := filepath.Glob(filepath.Join(directory, "trail-"+strings.Repeat("[0-9]", 15)+".jsonl"))
	sort.Strings(files)
	if checkpoint, unread := os.ReadFile(filepath.Join(directory, "checkpoint")); unread == nil {
		if t.signed, err = t.open(checkpoint); err != nil {
			return false, err
		}
	} else if len(files) == 0 {
		return false, unread
	}
	begin, first := int64(0), int64(1)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		for number := 0; len(data) > 0; number++ {
			line, rest, isWhole := bytes.Cut(data, []byte("\n"))
			var record struct {
				Seq, First int64
				Event      string
				Edge       [][]byte
				Checkpoint string
				Damage     json.RawMessage
			}
			if len(line) > 65535 {
				return false, errTampered
			} else if !isWhole {
				missing = true
				break
			} else if json.Unmarshal(line, &record) != nil || number == 0 && record.Event != "audit.file" {
				return false, errTampered
			}
			if number == 0 {
				first = record.First
				if before := record.Seq - 1; before > t.size {
					missing = missing || t.size > 0
					if t.size == 0 {
						begin = before
					}
					if err := t.start(before, record.Edge); err != nil {
						return false, err
					}
				}
			}
			if record.Seq != t.size+1 {
				return false, errTampered
			}
			if record.Event == "audit.checkpoint" || number == 0 && t.size > 0 {
				tree, err := t.open([]byte(record.Checkpoint))
				if err != nil || tree.N != t.size || t.compare(tree) != nil {
					return false, errTampered
				}
			}
			missing = missing || record.Event == "audit.resume" && record.Damage != nil
			if err := t.add(line); err != nil {
				return false, err
			}
			data = rest
		}
	}
	return missing || t.signed == nil || t.signed.N != t.size || begin+1 > first, nil
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	key, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		panic(err)
	}
	if len(os.Args) > 2 {
		t := &trail{key: key}
		if err := map[string]func(string) error{"tiles": t.checkTiles, "proof": t.checkProof}[os.Args[2]](os.Args[3]); err != nil {
			panic(err)
		}
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		t := &trail{key: key, hashes: hashes{}}
		missing, err := t.verify(lines.Text())
		switch {
		case os.IsNotExist(err):
			fmt.Println(3)
		case err != nil:
			fmt.Println(1)
		case missing:
			fmt.Println(2)
		default:
			fmt.Println(0)
		}
	}
}
