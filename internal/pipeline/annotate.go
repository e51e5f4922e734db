package pipeline

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/filesys"
)

// repairAnnotated is repair with the verdicts in the output. Since a verdict can come long
// after its packet was written, the repaired capture is written to a temporary file first,
// and copied with the comments.
func (j *job) repairAnnotated(ctx context.Context, d *draft) error {
	file, err := atomicfile.Scratch()
	if err != nil {
		return ioError("create a temporary file", err)
	}
	defer removeScratch(file)
	notes, err := newAnnotations()
	if err != nil {
		return ioError("create a temporary file", err)
	}
	defer notes.remove()
	plain := &draft{file: file, again: true, annotations: notes}
	if err := j.repair(ctx, plain); err != nil {
		return err
	}
	a, err := newAnnotator(&j.config, notes, d)
	if err == nil {
		err = a.copy(ctx, file)
	}
	if flushed := d.flush(); err == nil {
		err = flushed
	}
	if err != nil {
		return ioError("add verdicts to the output", err)
	}
	said := &j.report.Output
	said.LeftOut += a.skipped + a.to.Dropped()
	said.Annotated, said.Changed = a.annotated, said.Changed || a.annotated > 0
	j.report.noteIf(a.bare, "%s without the verdict as a comment: a simple packet block has no room for one", were(a.bare, "packet"))
	return nil
}

// annotator copies a repaired capture with the verdicts as comments. All else stays as it
// is, but for what must not be in a capture that was changed: stated lengths of sections,
// and what is marked so.
type annotator struct {
	to        *packed
	runs      annotationRuns
	edits     bool  // there are verdicts
	annotated int64 // packets
	bare      int64 // packets whose block has no room for a comment
	skipped   int64 // blocks that are left out
}

func newAnnotator(c *config, notes *annotations, d *draft) (*annotator, error) {
	runs, err := notes.merge()
	if err != nil {
		return nil, err
	}
	to, err := newPacked(c, d)
	return &annotator{to: to, runs: runs, edits: notes.count > 0}, err
}

// copy takes the capture through, which is a file.
func (a *annotator) copy(ctx context.Context, from *os.File) error {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := salvage.NewReader(filesys.WhileRunning(ctx, from), salvage.Options{Refuse: true})
	for err == nil {
		var b *capture.Batch
		if b, err = r.Next(); err != nil {
			break
		}
		for i := range b.Blocks {
			if err = a.block(&b.Blocks[i]); err != nil {
				break
			}
		}
		b.Release()
	}
	if err != io.EOF {
		return err
	}
	if err := a.to.Flush(); err != nil {
		return err
	}
	return a.to.close()
}

func (a *annotator) block(b *capture.Block) error {
	switch {
	case !a.edits:
	case b.Kind == capture.Packet:
		return a.packet(b)
	case b.Kind == capture.Section:
		return a.to.WriteSection(b, "", "")
	case b.Type == capture.TypeCustomNC:
		a.skipped++
		return nil
	}
	return a.to.Write(b)
}

// packet adds the comments on the packet. What a comment says already of one of its flags
// stays, and nothing is added: it is of an earlier repair, which knew the capture as recorded.
func (a *annotator) packet(b *capture.Block) error {
	var known []string
	for _, text := range b.Comments() {
		if c, _ := comment.Parse(text); c.Verdict != nil {
			known = append(known, strings.Split(c.Verdict.About, ", ")...)
		}
	}
	list, none, err := a.runs.comments(b.Frame, known)
	switch {
	case err != nil:
		return err
	case none:
		return a.to.Write(b)
	case b.Type == capture.TypeSPB:
		a.bare++
		return a.to.Write(b)
	}
	a.annotated++
	return a.to.WritePacket(b, &capture.PacketEdit{Comments: list})
}
