package batch

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a path that is made of a member's name may measure, bytes and names.
const (
	longestName = 150 // of 255 that file systems take, so that suffixes fit
	deepest     = 40
)

// safePath makes a relative path, with slashes, of a name that an archive gives
// to a member: it leads down only, its parts can be names of files on Windows
// too, and none is longer than file systems take. Different names can become
// one.
func safePath(name string) string {
	var parts []string
	for _, part := range strings.Split(slashed(name), "/") {
		if part != "" && part != "." {
			parts = append(parts, safeName(part))
		}
	}
	if len(parts) == 0 {
		return "_"
	}
	if more := len(parts) - deepest; more > 0 {
		middle := strings.Join(parts[deepest/2:deepest/2+more+1], "/")
		parts = append(append(parts[:deepest/2:deepest/2], digest(middle)), parts[deepest/2+more+1:]...)
	}
	return strings.Join(parts, "/")
}

// safeName makes a file name of one part of a path. What can't be in one is
// written as in a URL, %2E for a dot.
func safeName(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); {
		r, size := utf8.DecodeRuneInString(part[i:])
		last := i+size == len(part)
		if r == utf8.RuneError && size == 1 || !strconv.IsPrint(r) || strings.ContainsRune(`<>:"/\|?*`, r) || last && (r == '.' || r == ' ') {
			for _, c := range []byte(part[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteRune(r)
		}
		i += size
	}
	name := b.String()
	if part == ".." {
		name = "%2E%2E"
	}
	if device.MatchString(name) {
		name = "_" + name
	}
	return shortened(name)
}

// device matches names that Windows takes for devices, whatever follows a dot.
var device = regexp.MustCompile(`(?i)^(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(COM|LPT)[0-9¹²³]) *(\.|$)`)

// shortened keeps the end of a long name, which says what the file is.
func shortened(name string) string {
	if len(name) <= longestName {
		return name
	}
	const tail = 40
	head := longestName - tail
	for !utf8.RuneStart(name[head]) {
		head--
	}
	end := len(name) - tail
	for !utf8.RuneStart(name[end]) {
		end++
	}
	return name[:head] + "~" + digest(name) + name[end:]
}

// digest is 16 characters that identify a string.
func digest(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	return fmt.Sprintf("%016x", h.Sum64())
}
