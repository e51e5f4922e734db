package main

import (
	"errors"
	"fmt"
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
	name  *string
	begin func(*os.File) (end func() error, err error)
}

type recordings []recording

func recordingFlags(flags *pflag.FlagSet) recordings {
	return recordings{
		{flags.String("cpuprofile", "", "write a CPU profile to `FILE`"), profileCPU},
		{flags.String("memprofile", "", "write a profile of all allocations to `FILE`"), profileMemory},
		{flags.String("trace", "", "write an execution trace to `FILE`"), traceExecution},
	}
}

// start begins to record, into files that may not exist yet. stop completes them.
func (r recordings) start() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, end := range stops {
			errs = append(errs, end())
		}
		return errors.Join(errs...)
	}
	for _, recording := range r {
		name := *recording.name
		if name == "" {
			continue
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		end, err := recording.begin(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close(), stop())
		}
		stops = append(stops, func() error { return errors.Join(end(), file.Close()) })
	}
	return stop, nil
}

func profileCPU(file *os.File) (end func() error, err error) {
	return func() error { pprof.StopCPUProfile(); return nil }, pprof.StartCPUProfile(file)
}

func profileMemory(file *os.File) (end func() error, err error) {
	return func() error {
		runtime.GC() // what is in use is counted as of the latest collection
		return pprof.Lookup("allocs").WriteTo(file, 0)
	}, nil
}

func traceExecution(file *os.File) (end func() error, err error) {
	return func() error { trace.Stop(); return nil }, trace.Start(file)
}
