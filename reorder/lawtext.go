package reorder

import (
	"fmt"
	"strings"
)

// MarshalText returns the law's name. It fails for a number that is no law's.
func (l Law) MarshalText() ([]byte, error) {
	if int(l) >= NumLaws {
		return nil, fmt.Errorf("no law of order has the number %d", uint8(l))
	}
	return []byte(laws[l].name), nil
}

// UnmarshalText reads the name of a law. It fails for a name that is no law's, and
// leaves l as it was then.
func (l *Law) UnmarshalText(text []byte) error {
	law, ok := LawNamed(string(text))
	if !ok {
		return fmt.Errorf("%q is no law of order: %s", text, strings.Join(LawNames(), ", "))
	}
	*l = law
	return nil
}
