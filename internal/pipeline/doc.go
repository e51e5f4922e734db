// Package pipeline takes a capture through its stages: it is read, what its packets
// lack is inferred, they are put in order, diagnosed and written.
//
// What it promises is what package repair promises, which is its door.
//
// # Passes
//
// A capture is read several times, from its start each time. Nothing is kept of a
// pass but what is learnt: only packets within the window are held.
//
//	gather   what the capture holds; what inference, vantage and ticks can learn
//	survey   how order is disturbed, which clocks differ, which packets are there twice
//	emit     order, diagnose, write
//
// The usual capture takes these three, or two: where nothing is disturbed the survey
// writes the capture besides (see newTrial), and no emit follows. There are more where
//
//   - the first packet without its header comes late, or another interface does: gather
//     begins again, and the survey after it;
//   - clocks of interfaces are corrected: a survey of the corrected stamps;
//   - packets are there twice, or stamps go far back: a survey without those
//     connections, or one that is sorted so far (reorder.Survey.Again);
//   - nothing is disturbed, but the capture has packets twice: an emit after all, whose
//     judge knows of it;
//   - flags of a connection have risen: an emit with that connection left as recorded,
//     at most maxRuns of them, and once more where findings were held back;
//   - repairs were expected and none was needed: the capture is copied as it is.
//
// A capture of another format, an event trace or one of Network Monitor, is gone through
// once before, for its layers and tables. Of a large trace only the beginning is, and the
// survey finds whether the rest tells the same: if not, or if it ends before, all passes
// begin again after one over the whole trace. Each pass then reads the pcapng that a
// convert.Reader makes of it in the batches that are read, and numbers its packets as the
// file does.
//
// # A packet's way
//
// A packet is a unit: a block of the file, and what the stages have made of it. Each
// stage is a type with an input, an output and its own state; it fills one part of the
// unit, and reads those that were filled before. Nothing that is filled is written over:
// the stamp and the frame of the input are kept beside the time and the frame of the output.
//
//	stage       in                      fills of a unit     out
//	reader      the file, once a pass   block               chunks, in the order of the file
//	decoder     a chunk                 decoded             the same chunk
//	resolver    chunks in file order    decoded, where      the same
//	                                    unit.open
//	tracker     blocks in file order    tracked, seg.Flow,  the same
//	                                    .Dir and .Outbound
//	sequencer   the same                before              to the aligner
//	aligner     the same                aligned             the same, or by corrected stamps
//	sequencer   from the aligner        placed              blocks in repaired order
//	judge       the same                judged              the same
//	writer      the same                nothing             the output; it releases the unit
//
// A packet that comes in tunnels has a second view, of the innermost IP packet (unit.inner):
// connection, order and verdicts are its own; what is inferred and edited is the
// outermost header alone. Why more was not read (unit.unread) is counted by the judge.
// What fragments make up is read with the one that completes it, and stays where that was
// recorded.
//
// These nine types, with unit, are all that a packet meets where it is repaired. Other
// stages only look: gatherer and counter in the first pass, surveyor, clockComparer and
// sightings in a survey, explainer where frames are to be explained. A stage that holds
// another uses its methods alone: each has take, and result or the like for what it has
// found.
//
// # Goroutines
//
// Each pass has one goroutine that reads blocks, as many that decode as there are
// processors, and the caller's, which is given decoded chunks in the order of the file.
// A pass that writes has three more: one judges, one encodes, and one writes to the disk.
//
//	reader ─> decoders ─> caller: resolver, tracker, sequencer, aligner ─> judge ─> writer ─> disk
//	       chunk       chunk                                         []*unit   []*unit    []byte
//
// With Options.Sequential, and for a small file, which is read once and kept, the caller's
// goroutine does all of it, one chunk after the other: what there is to do is the same, in
// the same order. Only what fills more than one buffer of the draft is written by another.
//
// Chunks go through a channel of their own to the caller in the order of the file, who
// waits for each until it is decoded; so the same input gives the same output on any
// number of processors. A unit belongs to one goroutine at a time and is handed on with
// the channel; who has handed it on reads and writes nothing of it any more. What each
// may touch besides:
//
//	goroutine   reads          writes
//	reader      config         the batch of a new chunk
//	decoders    config, facts  the units of their chunk
//	caller      config, facts  the state of its stages, the table of flows
//	judge       config, facts  its state; of the explainer the judge's part
//	writer      facts          its state, and the buffers of the draft
//
// The last unit of a chunk that is released gives the batch back to the reader, whoever
// releases it. The caller may move a unit that it holds to another chunk (see mover), and
// releases it of the one that it leaves: then the unit is a copy, with its block and its
// bytes. The clue of a packet that is to be explained is begun by the caller and goes with
// the unit; of the explainer each goroutine has a part of its own.
//
// # Configuration, facts, stages
//
//   - config is what the command and the options say. It is written before the first pass.
//   - facts are what passes have learnt. They are written between passes, by the job alone,
//     from what the stages of the last pass have found; during a pass they are only read. So
//     what a pass finds cannot change what it does, on however many processors.
//   - Stages are made for a pass, given what they need of both, and gone after it. Only the
//     table of flows outlasts a pass, and the reader, which counts them. No stage knows the
//     job, which only runs passes.
//
// Where gather was content with the beginning, the first survey counts the rest, in a
// counter of its own: of that the tracker alone reads something in the same pass, which
// sections mendcap has put in order before.
//
// # State by connection
//
// The table of flows gives each pair of endpoints an id, which counts up and is never used
// again, and alone decides which pair is forgotten: of conn.MaxFlows the quarter that was
// silent longest, which the report counts. Analysis, order, clocks, diagnosis, summary and
// sightings keep what they know of a connection in a tcp.Store by that id: it makes way
// when the first packet of the one comes that has its place. What has to outlast that (the
// connections that are left as recorded, the initial numbers that explain counts from) is
// kept by the pair of endpoints.
package pipeline
