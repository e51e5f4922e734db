package report

import (
	"encoding/json"
	"net/netip"
)

// noAddress is what earlier reports have as the destination of a runner-up that
// there is none of.
const noAddress = "invalid IP"

// UnmarshalJSON reads what json.Marshal writes of a choice, and what earlier
// versions wrote.
func (c *HeaderChoice) UnmarshalJSON(text []byte) error {
	type plain HeaderChoice
	stored := struct {
		*plain
		Destination string `json:"destination"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(text, &stored); err != nil {
		return err
	}
	c.Destination = netip.Addr{}
	if stored.Destination == noAddress {
		return nil
	}
	return c.Destination.UnmarshalText([]byte(stored.Destination))
}
