//go:build amd64 || arm64

package main

import (
	"bytes"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// The heap that is taken after huge pages were asked for has some, where the kernel gives
// them to who asks.
func TestHeapHasHugePages(t *testing.T) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || !bytes.Contains(mode, []byte("[madvise]")) || os.Getpagesize() != 4<<10 {
		t.Skipf("the kernel gives none, or gives them unasked: %s", mode)
	}
	const size = 32 << 20
	before := hugePages(t)
	preferHugePages(2 * size)
	heap := make([]byte, size)
	for i := 0; i < size; i += 4 << 10 {
		heap[i] = 1
	}
	if got := hugePages(t) - before; got < size/2 {
		t.Errorf("%d MiB of the heap are in huge pages, want %d at least", got>>20, size>>21)
	}
	runtime.KeepAlive(heap)
}

// hugePages is how much of the process's memory is in huge pages, bytes.
func hugePages(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	size := regexp.MustCompile(`AnonHugePages: +(\d+) kB`).FindSubmatch(maps)
	if size == nil {
		t.Fatalf("no AnonHugePages in\n%s", maps)
	}
	n, err := strconv.Atoi(string(size[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}
