package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

type tiles string

func (d tiles) Height() int { return 8 }

func (d tiles) ReadTiles(wanted []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(string(d), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (d tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// checkTiles compares every entry with the tiles, and the tiles with the checkpoint (C2SP tlog-tiles).
func (t *trail) checkTiles(directory string) error {
	checkpoint, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := t.open(checkpoint)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(*tree, tiles(directory))
	for n := int64(0); n < tree.N; {
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: n / 256, W: int(min(256, tree.N-n))}.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(directory, path))
		if err != nil {
			return err
		}
		for ; len(data) > 0; n++ {
			size := 2 + int(binary.BigEndian.Uint16(data))
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			if err != nil || hashes[0] != tlog.RecordHash(data[2:size]) {
				return fmt.Errorf("record %d: %v", n, err)
			}
			data = data[size:]
		}
	}
	return nil
}

// checkProof verifies a proof (C2SP tlog-proof) for the record in FILE.record.
func (t *trail) checkProof(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	record, err := os.ReadFile(file + ".record")
	if err != nil {
		return err
	}
	proof, checkpoint, _ := bytes.Cut(text, []byte("\n\n"))
	tree, err := t.open(checkpoint)
	if err != nil {
		return err
	}
	lines := strings.Split(string(proof), "\n")
	var index int64
	if _, err := fmt.Sscanf(lines[1], "index %d", &index); err != nil || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a proof: %v", err)
	}
	var hashes tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(record))
}
