package report

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Limit is how many findings of a kind are allowed: a number, or a share of
// the capture's packets.
type Limit struct {
	Kind Kind
	Most int64 // findings; counts where PPB is 0
	PPB  int64 // of the packets, parts per billion; 0 = Most counts
}

// ParseLimit reads KIND=N or KIND=RATE, a share of the packets: "0.5%", or a
// fraction with a point, "0.005".
func ParseLimit(text string) (Limit, error) {
	kind, value, ok := strings.Cut(text, "=")
	if !ok {
		return Limit{}, fmt.Errorf("%q is not KIND=N or KIND=RATE", text)
	}
	k, err := ParseKind(kind)
	if err != nil {
		return Limit{}, err
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
		return Limit{Kind: k, Most: n}, nil
	}
	ppb, ok := parseRate(value)
	if !ok {
		return Limit{}, fmt.Errorf("%q is neither a number of findings nor a share of the packets, such as 10, 0.5%% or 0.005", value)
	}
	return Limit{Kind: k, PPB: ppb}, nil
}

// parseRate reads a share from 0 to 1, rounded down to parts per billion.
func parseRate(text string) (ppb int64, ok bool) {
	number, percent := strings.CutSuffix(text, "%")
	if strings.Trim(number, "0123456789.") != "" || len(number) > 32 {
		return 0, false // nothing else that big.Rat understands: 1/2, 1e9
	}
	share, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	if percent {
		share.Mul(share, big.NewRat(1, 100))
	}
	share.Mul(share, big.NewRat(1e9, 1))
	return new(big.Int).Quo(share.Num(), share.Denom()).Int64(), share.Cmp(big.NewRat(1e9, 1)) <= 0
}

// allows is how many findings the limit allows among so many packets.
func (l Limit) allows(packets int64) int64 {
	if l.PPB == 0 {
		return l.Most
	}
	product := new(big.Int).Mul(big.NewInt(packets), big.NewInt(l.PPB))
	most := product.Quo(product, big.NewInt(1e9))
	if !most.IsInt64() {
		return math.MaxInt64
	}
	return most.Int64()
}
