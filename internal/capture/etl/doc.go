// Package etl reads .etl files, the logs of Event Tracing for Windows, and gives
// their events in the order of their times.
//
// # What a log is
//
// A log is a row of buffers. Each belongs to one processor and begins with
// WMI_BUFFER_HEADER (72 bytes); records fill it up to the offset that its header
// states. The first record of the first buffer is TRACE_LOGFILE_HEADER: it says which
// clock stamped the records and when the log was begun. A processor hands its buffer
// over when it is full, so the buffer of a quiet one may be written minutes later than
// events that are younger: the log is in order within a processor only. The layouts
// are those of ntwmi.h and evntcons.h; compression is Plain LZ77 of [MS-XCA] 2.4.
//
// # What is read
//
//   - Logs of Windows Vista and later, of 32 and of 64 bits, closed or not, sequential,
//     circular and preallocated, with buffers of one size or of many.
//   - Both layouts of the processor's number, of 8 bits and (flag 0x20) of 16.
//   - Buffers compressed by Plain LZ77 (XPRESS).
//   - The clocks 1 (performance counter), 2 (system time) and 3 (processor cycles). A
//     log that names clock 0 means 1.
//   - All records with a header of type 1 to 4, 10, 11 and 16 to 21: kernel events
//     (system, compact, performance information), classic events with and without
//     instances, and EVENT_HEADER, whose extended items are passed over. Kernel events
//     have the GUID of their group's class as provider, or none if it is not known;
//     what has neither process nor thread has 0xFFFFFFFF as both.
//
// # What is not
//
//   - Messages of software tracing (WPP) are counted and not given, and so are records
//     of types 12 to 15, which are not for consumers.
//   - Compression by LZNT1 or XPRESS with Huffman, which no log is known to have, is
//     refused by [ErrCompression], and any other clock by [ErrClock].
//   - A second log that begins inside the file ends the first: see [ErrSecond].
//
// # Order
//
// Events are merged over the processors by their stamps in ticks of the log's clock;
// equal stamps stay in the order of the file. A processor's records stay in the order
// in which it wrote them, even where a stamp is smaller than the one before it:
// [Stream] says what happens then. The order is the same each time, and depends on
// nothing but the file.
//
// # Memory and damage
//
// Open reads the headers of the buffers and makes an index of about ten bytes for each.
// A stream holds two parts of buffers for each processor whose records are due, not whole
// buffers: see [Options]. A damaged buffer costs that buffer or its rest; the next one is
// found by the length that buffers have, or by what a header looks like. [Trace.Damages]
// and [Stream.Damages] say what was met.
package etl
