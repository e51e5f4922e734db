package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/pflag"
)

// recording is a file that says where a run's time or memory went. The flags that
// name such files are for those who work on mendcap, come before the command's name,
// and are in no help.
type recording struct {
	name       *string
	begin, end func(io.Writer) error
}

type recordings []recording

func recordingFlags(flags *pflag.FlagSet) recordings {
	return recordings{
		{flags.String("cpuprofile", "", "write a CPU profile to `FILE`"), pprof.StartCPUProfile,
			func(io.Writer) error { pprof.StopCPUProfile(); return nil }},
		{flags.String("memprofile", "", "write a profile of all allocations to `FILE`"), sampleMemory, profileMemory},
		{flags.String("trace", "", "write an execution trace to `FILE`"), trace.Start,
			func(io.Writer) error { trace.Stop(); return nil }},
	}
}

// start begins to record, into files that may not exist yet. stop completes them.
func (r recordings) start() (stop func() error, err error) {
	stop = func() error { return nil }
	for _, recording := range r {
		name := *recording.name
		if name == "" {
			continue
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		if err := recording.begin(file); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close(), stop())
		}
		before := stop
		stop = func() error { return errors.Join(before(), recording.end(file), file.Close()) }
	}
	return stop, nil
}

// memorySample is of how many bytes that are allocated one is counted in a profile.
const memorySample = 512 << 10

// sampleMemory begins to count what is allocated.
func sampleMemory(io.Writer) error {
	runtime.MemProfileRate = memorySample
	return nil
}

// profileMemory writes what was allocated up to now.
func profileMemory(to io.Writer) error {
	runtime.GC() // what is in use is counted as of the latest collection
	return pprof.Lookup("allocs").WriteTo(to, 0)
}
