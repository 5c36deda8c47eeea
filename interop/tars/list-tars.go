// Lists what archive/tar finds in tars, for the test that compares it with what Drayage finds.
//
// Standard input is one tar after the other, each behind its length in four bytes, big-endian. Standard output is one line
// of JSON for each: its entries, whether they end with an error, and for each entry the SHA-256 of its data where it has
// some that can be read.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
)

type entry struct {
	Typeflag    string `json:"typeflag"`
	Name        []byte `json:"name"`
	Linkname    []byte `json:"linkname"`
	Size        int64  `json:"size"`
	Seconds     int64  `json:"seconds"`
	Nanoseconds int    `json:"nanoseconds"`
	Mode        int64  `json:"mode"`
	UID         int    `json:"uid"`
	GID         int    `json:"gid"`
	Sparse      bool   `json:"sparse"`
	Data        string `json:"data"`
}

type listing struct {
	Entries []entry `json:"entries"`
	Failed  bool    `json:"failed"`
}

func list(archive []byte) listing {
	found := listing{Entries: []entry{}}
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err != nil {
			found.Failed = !errors.Is(err, io.EOF)
			return found
		}
		found.Entries = append(found.Entries, entry{
			Typeflag:    string(rune(header.Typeflag)),
			Name:        []byte(header.Name),
			Linkname:    []byte(header.Linkname),
			Size:        header.Size,
			Seconds:     header.ModTime.Unix(),
			Nanoseconds: header.ModTime.Nanosecond(),
			Mode:        header.Mode,
			UID:         header.Uid,
			GID:         header.Gid,
			Sparse:      isSparse(header),
		})
	}
}

func isSparse(header *tar.Header) bool {
	major, minor := header.PAXRecords["GNU.sparse.major"], header.PAXRecords["GNU.sparse.minor"]
	switch {
	case header.Typeflag == tar.TypeGNUSparse:
		return true
	case major == "0" && (minor == "0" || minor == "1"), major == "1" && minor == "0":
		return true
	case major != "" || minor != "":
		return false
	}
	return header.PAXRecords["GNU.sparse.map"] != ""
}

// Data is read in a run of its own: what cannot be read would end the list early.
func addData(archive []byte, entries []entry) {
	const most = 1 << 24
	reader := tar.NewReader(bytes.NewReader(archive))
	for at := range entries {
		if _, err := reader.Next(); err != nil {
			return
		}
		if entries[at].Size > most {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, reader); err != nil {
			return
		}
		entries[at].Data = hex.EncodeToString(sum.Sum(nil))
	}
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for {
		var length uint32
		if err := binary.Read(input, binary.BigEndian, &length); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		archive := make([]byte, length)
		if _, err := io.ReadFull(input, archive); err != nil {
			log.Fatal(err)
		}
		found := list(archive)
		addData(archive, found.Entries)
		if err := json.NewEncoder(output).Encode(found); err != nil {
			log.Fatal(err)
		}
	}
}
