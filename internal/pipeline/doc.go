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
// writes the capture besides (see trial), and no emit follows. There are more where
//
//   - the first packet without its header comes late, or another interface does: gather
//     begins again, and the survey after it;
//   - clocks of interfaces are corrected: a survey of the corrected stamps;
//   - packets are there twice, or stamps go far back: a survey without those
//     connections, or one that is sorted so far (reorder.Survey.Again);
//   - flags of a connection have risen: an emit with that connection left as recorded,
//     at most maxRuns of them, and once more where findings were held back;
//   - repairs were expected and none was needed: the capture is copied as it is.
//
// # Goroutines
//
// Each pass has one goroutine that reads blocks, as many that decode as there are
// processors, and the caller's, which is given decoded chunks in the order of the file.
// A pass that writes has three more: one diagnoses, one encodes, and one writes to
// the disk.
//
//	reader ─> decoders ─> caller: rule, align, order ─> judge ─> writer ─> disk
//	       chunk       chunk                      []*unit   []*unit    []byte
//
// Chunks go through a channel of their own to the caller in the order of the file, who
// waits for each until it is decoded; so the same input gives the same output on any
// number of processors.
//
// # Who may write what
//
// A packet is a unit. It belongs to one goroutine at a time and is handed on with the
// channel; who has handed it on reads and writes nothing of it any more.
//
//   - The reader fills the blocks of a batch; their bytes are the file's and stay.
//   - A decoder fills view, proto, ports, pair, seg without its flow, and, of a packet
//     without header, facts or headless. It may call infer.Engine.Infer, which is safe
//     for that after Conclude, and nothing else that others share.
//   - The caller fills the flow of seg, left, ruled, before and fate; where clocks are
//     corrected it changes the block's ticks and keeps those of the file in recorded.
//     Survey, Orderer, the table of flows and the vantage are its own.
//   - The judge sets seg's stamp and frame to those of the output, and owns analysis,
//     diagnosis, findings, summary and guard. Of an explained packet it fills the clue,
//     which the caller has begun.
//   - The writer edits the block for good, and releases the unit: the last unit of a
//     chunk gives the batch back to the reader.
//   - The caller may move a unit that it holds to another chunk (see mover), and
//     releases it of the one that it leaves.
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
//
// # Configuration and facts
//
// The job is what all of them are configured by. What passes have learnt (facts,
// profile, engine, left) is written between passes alone, and read during them; but where
// gather was content with the beginning, the survey's caller counts the rest, of which
// judge and writer read nothing.
package pipeline
