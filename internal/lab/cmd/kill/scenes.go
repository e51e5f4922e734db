//go:build unix

package kill

import (
	"errors"
	"os"
	"path/filepath"
)

// scene is a run that is interrupted.
type scene struct {
	name    string
	args    []string // with the folder of the outputs where out stands
	stdin   string   // file, "" for none
	open    bool     // standard input, or what there is of it, gives nothing more and doesn't end
	deaf    bool     // nobody reads standard output
	endless bool     // it does not come to its end soon
	refused bool     // it ends at once with exitRefused: what it is to read there is no pipe
}

// stored are files that commands read, of undisturbed runs.
func (b *bench) stored(name string) string { return filepath.Join(b.dir, "stored", name) }

func (b *bench) hostile(name string) string { return filepath.Join(b.dir, "hostile", name) }

// scenes lists runs of all commands: those that end, those that compute for long,
// and those that wait for others.
func (b *bench) scenes(out string) []scene {
	in := filepath.Join(b.in, "000", "capture-00000.pcapng")
	to := func(name string) string { return filepath.Join(out, name) }
	fifo, random := b.hostile(silence), b.hostile(randomNumbers)
	list := []scene{
		{name: "repair", args: []string{"repair", "-q", "-w", to("x.pcapng"), in}},
		{name: "repair -", args: []string{"repair", "-q", "-w", to("x.pcapng"), "-"}, stdin: in},
		{name: "batch", args: []string{"batch", "-q", "-o", out, "--report", to("summary.csv"), "in"}},
		{name: "check", args: []string{"check", "-q", "--baseline", to("known.json"), "--update-baseline", "--report", to("x.xml"), in}},
		{name: "explain", args: []string{"explain", in, "1-20"}},
		{name: "report", args: []string{"report", "-q", "--report", to("x.html"), "--report", to("x.md"), b.stored("x.json")}},
		{name: "diff", args: []string{"diff", b.stored("x.json"), b.stored("x.json")}},
		{name: "batch merge", args: []string{"batch", "merge", "-q", "--report", to("both.html"), b.stored("summary.json"), b.stored("summary.json")}},
		{name: "tables", args: []string{"tables", b.stored("tables.txt")}},
		{name: "profile", args: []string{"wireshark-profile", to("profile")}},
		{name: "schema", args: []string{"schema"}},
		{name: "repair, random numbers", args: []string{"repair", "-q", "-w", to("x.pcapng"), random}},
		{name: "check, random numbers", args: []string{"check", "-q", "--fail-on", "unknown", "--report", to("x.json"), random}},
		{name: "explain, random numbers", args: []string{"explain", random, "1"}},
		{name: "batch, hostile", args: []string{"batch", "-q", "-o", out, "--report", to("summary.json"), filepath.Dir(random)}},
		{name: "repair, blocks", args: []string{"repair", "-q", "-w", to("x.pcapng"), b.hostile(packedBlocks)}},
		{name: "check, blocks", args: []string{"check", "-q", b.hostile(strangeBlocks)}},
	}
	endless := []scene{ // they compute for long, or wait for others
		{name: "repair, deaf", args: []string{"repair", "-q", "-w", "-", b.hostile(strangeBlocks)}, deaf: true},
		{name: "explain, deaf", args: []string{"explain", "--json", in, "1-90"}, deaf: true},
		{name: "repair, silence", args: []string{"repair", "-q", "-w", to("x.pcapng"), "--report", to("x.json"), "-"}, open: true},
		{name: "repair, half", args: []string{"repair", "-q", "-w", to("x.pcapng"), "--report", to("x.json"), "-"}, stdin: in, open: true},
		{name: "check, silence", args: []string{"check", "-"}, open: true},
		{name: "explain, silence", args: []string{"explain", "-", "1"}, open: true},
		{name: "report, silence", args: []string{"report", "--report", to("x.md"), "-"}, open: true},
		{name: "diff, silence", args: []string{"diff", b.stored("x.json"), "-"}, open: true},
		{name: "repair, fifo", args: []string{"repair", "-q", "-w", to("x.pcapng"), fifo}},
		{name: "check, fifo", args: []string{"check", fifo}},
		{name: "explain, fifo", args: []string{"explain", fifo, "1"}},
		{name: "report, fifo", args: []string{"report", fifo}, refused: true},
		{name: "diff, fifo", args: []string{"diff", b.stored("x.json"), fifo}, refused: true},
		{name: "batch merge, fifo", args: []string{"batch", "merge", "--report", to("x.json"), fifo}, refused: true},
		{name: "tables, fifo", args: []string{"tables", fifo}, refused: true},
		{name: "tables of fifo", args: []string{"repair", "-q", "--tables", fifo, "-w", to("x.pcapng"), in}},
		{name: "baseline of fifo", args: []string{"check", "--baseline", fifo, in}, refused: true},
	}
	for i := range endless {
		endless[i].endless = true
	}
	return append(list, endless...)
}

// store makes what the commands read beside captures.
func (b *bench) store() error {
	if err := os.MkdirAll(b.stored(""), 0o777); err != nil {
		return err
	}
	runs := [][]string{
		{"repair", "-q", "-w", b.stored("x.pcapng"), "--report", b.stored("x.json"), filepath.Join(b.in, "000", "capture-00000.pcapng")},
		{"batch", "-q", "-o", b.stored("batch"), "--report", b.stored("summary.json"), "in"},
	}
	for _, args := range runs {
		r := &runner{b: b, args: args, out: b.stored("batch"), tmp: filepath.Join(b.dir, "tmp")}
		if _, err := r.complete(); err != nil {
			return err
		}
	}
	const table = "tcp ESTAB 0 0 [2001:db8::1]:22 [2001:db8::2]:50000\n"
	return errors.Join(os.WriteFile(b.stored("tables.txt"), []byte(table), 0o666), writeHostile(b.hostile("")))
}
