package netmon

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, c := range strings.Split(os.Getenv("ZZ"), ",") {
		name, sd, _ := strings.Cut(c, ":")
		seed, _ := strconv.Atoi(sd)
		var p []byte
		if strings.HasPrefix(name, "made") {
			p, _ = everything(int(name[4] - '0')).file()
		} else {
			p = sample(t, name)
		}
		f, rec, _ := readAll(t, p, Options{})
		var ends []int64
		for i := range rec {
			ends = append(ends, f.endOf(rec[i].Offset, int64(rec[i].Included())))
		}
		bad, h := damaged(p, rec, ends, uint64(seed))
		fmt.Println("==", c, h, "table", f.head.frames, "size", len(p))
		_, all, s := readAll(t, bad, Options{})
		at := map[int64]*Frame{}
		for i := range all {
			at[all[i].Offset] = &all[i]
		}
		for i := range rec {
			o, ok := h.spared(rec[i].Offset, ends[i])
			if !ok {
				fmt.Println(" hit", i+1, rec[i].Offset, ends[i])
				delete(at, rec[i].Offset)
				continue
			}
			g := at[o]
			if g == nil || !bytes.Equal(g.Data, rec[i].Data) {
				fmt.Println(" lacks", i+1, rec[i].Offset, "now", o, g != nil)
			}
			delete(at, o)
		}
		for o, fr := range at {
			fmt.Println(" strange", o, fr.Number, len(fr.Data), fr.Original, fr.Media, fr.Time)
		}
		for _, d := range s.Damages().List {
			fmt.Println(" D", d)
		}
	}
}
