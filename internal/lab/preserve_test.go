package lab

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/repair"
)

// The tests of this file hold the pipeline to what it keeps, edits and drops of
// a pcapng file, block by block.

// keeping builds a capture and, beside it, what must become of it.
type keeping struct {
	in, want ngFile
	edited   []bool // by block of want: it gains a comment of mendcap's
	packets  []Packet
	copied   []byte // an option that stays
	noCopy   []byte // one that goes from what is changed
	nobodys  bool   // add packets of interfaces that are not described
}

// both adds the same block to both files.
func (k *keeping) both(add func(f *ngFile)) {
	add(&k.in)
	k.expect(false, add)
}

// expect adds a block to what must come out.
func (k *keeping) expect(edited bool, add func(f *ngFile)) {
	add(&k.want)
	k.edited = append(k.edited, edited)
}

// next is the next true packet.
func (k *keeping) next() Packet {
	p := k.packets[0]
	k.packets = k.packets[1:]
	return p
}

// record is a packet as a sniffer writes it.
func (k *keeping) record(t *testing.T, p Packet, form Form) []byte {
	t.Helper()
	data, err := form.append(nil, p.Data)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// truth is a packet as it must come out: what no one can know is made up as
// the comments say.
func (k *keeping) truth(p Packet) []byte {
	data := slices.Clone(p.Data)
	if data[0]>>4 == 6 {
		copy(data, []byte{0x60, 0, 0, 0})
		data[7] = 64
	}
	return data
}

const microseconds, offsetSeconds = 1000, 3600

// coarse are the ticks of the interface with a resolution and an offset of its
// own.
func coarse(p Packet) uint64 { return uint64(p.Stamp-offsetSeconds*1e9) / microseconds }

// begin adds a section header that states its length wrongly, as tools do that
// were interrupted. When the file is edited, no length may be stated.
func (k *keeping) begin(order byteOrder) {
	k.in.order, k.want.order = order, order
	f := &k.in
	k.copied = f.option(ngCopied, append(f.u32(32473), "stays"...))
	k.noCopy = f.option(ngNoCopy, append(f.u32(32473), "goes"...))
	comment, tool := f.option(ngComment, []byte("made by hand")), []byte("Dumpcap 4.0")
	at := len(f.buf)
	f.section(order, comment, f.option(ngUserAppl, tool), k.copied, k.noCopy)
	order.PutUint64(f.buf[at+16:], 4)
	k.expect(true, func(f *ngFile) {
		f.section(order, comment, f.option(ngUserAppl, append(tool, "; mendcap"...)), k.copied)
	})
}

// custom is the body of a custom block.
func custom(f *ngFile) []byte { return append(f.u32(32473), "whatever"...) }

// others adds blocks that are no packets: all stay, but for the custom block
// that must not be copied into a changed file.
func (k *keeping) others() {
	k.both(func(f *ngFile) { f.block(capture.TypeNames, f.u32(0)) })
	k.both(func(f *ngFile) {
		f.block(capture.TypeSecrets, slices.Concat(f.u32(0x544C534B), f.u32(4), []byte("keys")))
	})
	k.both(func(f *ngFile) { f.block(capture.TypeCustom, custom(f), k.noCopy) })
	k.in.block(capture.TypeCustomNC, custom(&k.in), k.copied)
	k.both(func(f *ngFile) { f.block(0x99, []byte("unknown.")) })
	k.both(func(f *ngFile) { f.block(0x80000001, nil) })
}

// stubs adds packets on the first interface: one whose header is missing, one
// that is whole, and simple packet blocks of both kinds.
func (k *keeping) stubs(t *testing.T) {
	p := k.next()
	user, flags := k.in.option(ngComment, []byte("a user's")), k.in.option(ngFlags, k.in.u32(direction(p)))
	hash := k.in.option(ngHash, []byte{2, 1, 2, 3, 4})
	k.in.epb(0, uint64(p.Stamp), k.record(t, p, Stub), user, hash, k.noCopy, flags, k.copied)
	k.expect(true, func(f *ngFile) { f.epb(0, uint64(p.Stamp), k.truth(p), user, flags, k.copied) })

	whole := k.next()
	k.both(func(f *ngFile) { f.epb(0, uint64(whole.Stamp), whole.Data, hash, k.noCopy) })
	k.both(func(f *ngFile) { f.spb(whole.Data) })

	simple := k.next()
	k.in.spb(k.record(t, simple, Stub))
	k.expect(true, func(f *ngFile) { f.epb(0, 0, k.truth(simple)) })

	if k.nobodys { // it can only be on the one interface that is described
		k.in.epb(9, uint64(whole.Stamp), k.record(t, simple, Stub))
		k.expect(true, func(f *ngFile) { f.epb(0, uint64(whole.Stamp), k.truth(simple)) })
	}
}

// direction is a packet's in epb_flags.
func direction(p Packet) uint32 {
	if p.Out {
		return Outbound
	}
	return Inbound
}

// sockaddrs adds a late interface with sockaddr records and another after it,
// whose number moves up by the interface that mendcap adds.
func (k *keeping) sockaddrs(t *testing.T, v4 Packet) {
	options := [][]byte{k.in.option(ngName, []byte("sock0")), k.in.option(14, k.in.u64(offsetSeconds)), k.copied}
	k.both(func(f *ngFile) { f.iface(LinkUser0, 1500, options...) })
	p := k.next()
	k.in.epb(1, coarse(p), k.record(t, p, SockaddrBSD), k.copied)
	k.expect(false, func(f *ngFile) { f.iface(LinkRaw, 1500+12, options...) })
	k.expect(true, func(f *ngFile) { f.epb(2, coarse(p), k.truth(p), k.copied) })

	v4.Stamp = p.Stamp
	k.in.epb(1, coarse(v4), k.record(t, v4, SockaddrBSD))
	k.expect(true, func(f *ngFile) { f.epb(2, coarse(v4), v4.Data) })
	k.both(func(f *ngFile) { f.epb(1, coarse(v4), []byte("no sockaddr at all, but long enough to be one")) })

	k.both(func(f *ngFile) { f.iface(LinkEthernet, 0) })
	k.moved(func(f *ngFile, id uint32) { f.epb(id, coarse(v4), []byte("an odd frame on Ethernet"), k.noCopy) })
	k.moved(func(f *ngFile, id uint32) { f.block(capture.TypeStats, slices.Concat(f.u32(id), f.u64(7)), k.copied) })
	k.both(func(f *ngFile) { f.block(capture.TypeStats, slices.Concat(f.u32(1), f.u64(7))) })
	if k.nobodys { // on any of three unlike interfaces: nobody can read it
		k.in.epb(3, 5, []byte("nobody's"))
	}
}

// moved adds a block of interface 2, which becomes 3.
func (k *keeping) moved(add func(f *ngFile, id uint32)) {
	add(&k.in, 2)
	k.expect(false, func(f *ngFile) { add(f, 3) })
}

// obsolete adds a packet block of old, which becomes an enhanced one and keeps
// the count of drops that its header had.
func (k *keeping) obsolete(t *testing.T) {
	p := k.next()
	data := k.record(t, p, Stub)
	f := &k.in
	n, stamp := f.u32(uint32(len(data))), uint64(p.Stamp)
	f.block(capture.TypePB, slices.Concat(f.u16(0), f.u16(3), f.u32(uint32(stamp>>32)), f.u32(uint32(stamp)), n, n, data), k.copied)
	k.expect(true, func(f *ngFile) { f.epb(0, stamp, k.truth(p), k.copied, f.option(4, f.u64(3))) })
}

// keepingCase is a capture of three sections in both byte orders.
func keepingCase(t *testing.T, first, second byteOrder, nobodys bool) *keeping {
	t.Helper()
	k := &keeping{nobodys: nobodys, packets: slices.DeleteFunc(Delivered(recording(t, "lossy").Packets),
		func(p Packet) bool { return p.Data[6] != protoTCP })}
	v4 := recording(t, "v4-lossy").Packets[0]
	for _, order := range []byteOrder{first, second, first} {
		k.begin(order)
		k.both(func(f *ngFile) { f.iface(LinkRaw, 65535, f.option(ngResol, []byte{9}), k.noCopy) })
		k.stubs(t)
		k.others()
		k.obsolete(t)
		k.sockaddrs(t, v4)
	}
	return k
}

func TestEveryBlockIsKeptEditedOrDropped(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second byteOrder
		nobodys       bool
	}{
		{"little-endian first", binary.LittleEndian, binary.BigEndian, false},
		{"big-endian first", binary.BigEndian, binary.LittleEndian, false},
		{"interfaces not described", binary.LittleEndian, binary.BigEndian, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := keepingCase(t, c.first, c.second, c.nobodys)
			dir := t.TempDir()
			in, tables := filepath.Join(dir, "in.pcapng"), filepath.Join(dir, "in.tables")
			writeTestFile(t, in, k.in.buf)
			if err := WriteTables(tables, SnapshotOf(Delivered(recording(t, "lossy").Packets)), Own); err != nil {
				t.Fatal(err)
			}
			out, r := mend(t, in, repair.Options{})
			k.check(t, out)
			// A section: the section header's option, one of a packet, a block.
			if want := int64(3 * 3); r.Output.LeftOut != want {
				t.Errorf("dropped: got %d, want %d", r.Output.LeftOut, want)
			}
			again, _ := mend(t, out, repair.Options{})
			if !bytes.Equal(readFile(t, again), readFile(t, out)) {
				t.Error("repaired again: the output differs")
			}
			checkTshark(t, out, int(r.Capture.Packets))
			if want := map[bool]int{true: 3 * 2}[c.nobodys]; len(r.Damage) != want {
				t.Errorf("damage: got %d, want %d: %v", len(r.Damage), want, r.Damage)
			}
		})
	}
}

// check compares the output with what is wanted, block by block. Comments of
// mendcap's are taken off, wherever there must be some.
func (k *keeping) check(t *testing.T, out string) {
	t.Helper()
	want, err := ngBlocks(bytes.NewReader(k.want.buf))
	if err != nil {
		t.Fatalf("the wanted file: %v", err)
	}
	got := readBlocks(t, out)
	for i := range min(len(got), len(want)) {
		raw, comments := withoutComments(t, &got[i])
		if (comments > 0) != k.edited[i] {
			t.Errorf("block %d of type %#x: got %d comments of mendcap's, want some: %v", i, got[i].Type, comments, k.edited[i])
		}
		if !bytes.Equal(raw, want[i].Raw) {
			t.Fatalf("block %d of type %#x:\ngot  %q\nwant %q", i, got[i].Type, raw, want[i].Raw)
		}
	}
	if len(got) != len(want) {
		t.Errorf("blocks: got %d, want %d", len(got), len(want))
	}
}

// withoutComments gives a block's bytes as they would be without mendcap's
// comments, and how many there are.
func withoutComments(t *testing.T, b *capture.Block) ([]byte, int) {
	t.Helper()
	f := &ngFile{order: binary.LittleEndian}
	if b.Order == binary.BigEndian {
		f.order = binary.BigEndian
	}
	var kept [][]byte
	comments := 0
	for _, o := range optionsOf(t, b) {
		if o.code == ngComment && strings.HasPrefix(o.value, commentMark) {
			comments++
			continue
		}
		kept = append(kept, f.option(o.code, []byte(o.value)))
	}
	if comments == 0 {
		return b.Raw, 0
	}
	switch b.Type {
	case capture.TypeSection:
		f.block(b.Type, b.Raw[8:24], kept...)
	case capture.TypeEPB:
		f.block(b.Type, slices.Concat(b.Raw[8:28], b.Data), kept...)
	default:
		t.Errorf("block of type %#x has comments of mendcap's", b.Type)
	}
	return f.buf, comments
}

// checkTshark has tshark read a file: all of its packets, and no complaint.
func checkTshark(t *testing.T, path string, packets int) {
	t.Helper()
	if _, err := tshark.Find(t.Context()); err != nil {
		t.Logf("not read by tshark: %v", err)
		return
	}
	n := 0
	// tshark counts custom blocks as frames of the protocol PCAPNG.
	for _, row := range tshark.Rows(t, path, []string{"_ws.col.Protocol"}) {
		if row[0] != "PCAPNG" {
			n++
		}
	}
	if n != packets {
		t.Errorf("packets in tshark's eyes: got %d, want %d", n, packets)
	}
}

// A packet stays on its side of a section header, an interface block, secrets,
// and packets without a stamp, however much disorder there is.
func TestNoPacketCrossesABarrier(t *testing.T) {
	truth := Delivered(recording(t, "lossy").Packets)[:1500]
	degraded := Degrade(truth, degradation(t, "batches"), 1)
	dir := filepath.Join(t.TempDir(), "tables")
	if err := WriteTables(dir, SnapshotOf(truth), Own); err != nil {
		t.Fatal(err)
	}
	for name, barrier := range map[string]func(f *ngFile){
		"section":       func(f *ngFile) { f.section(f.order); f.iface(LinkRaw, 0, f.option(ngResol, []byte{9})) },
		"interface":     func(f *ngFile) { f.iface(LinkEthernet, 0) },
		"secrets":       func(f *ngFile) { f.block(capture.TypeSecrets, slices.Concat(f.u32(1), f.u32(0))) },
		"simple packet": func(f *ngFile) { f.spb([]byte("no IP")) },
	} {
		t.Run(name, func(t *testing.T) {
			const every = 40
			f := &ngFile{}
			f.section(binary.LittleEndian)
			f.iface(LinkRaw, 0, f.option(ngResol, []byte{9}))
			for i, p := range degraded {
				if i%every == every/2 {
					barrier(f)
				}
				f.epb(0, uint64(p.Stamp), p.Data, f.option(ngPacketID, f.u64(uint64(i))))
			}
			in := filepath.Join(t.TempDir(), "in.pcapng")
			writeTestFile(t, in, f.buf)
			out, r := mend(t, in, repair.Options{Tables: []string{dir}})
			if r.Order.Moved == 0 {
				t.Fatal("nothing was moved: the test shows nothing")
			}
			if got, want := betweenBarriers(t, out), betweenBarriers(t, in); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("packets between barriers: got\n%v\nwant\n%v", got, want)
			}
		})
	}
}

// betweenBarriers lists the identities of packets, sorted within each stretch
// between two barriers.
func betweenBarriers(t *testing.T, path string) [][]int {
	t.Helper()
	stretches := [][]int{nil}
	for _, b := range readBlocks(t, path) {
		if b.Type == capture.TypeEPB {
			last := len(stretches) - 1
			stretches[last] = append(stretches[last], packetID(t, &b))
			continue
		}
		stretches = append(stretches, nil)
	}
	for _, s := range stretches {
		slices.Sort(s)
	}
	return stretches
}
