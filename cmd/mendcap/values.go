package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// badFlags says what is wrong with the flags of a command line: which flag, which
// value, and what it takes.
func badFlags(flags *pflag.FlagSet, err error) error {
	var own hinted
	var value *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &value):
		return usagef(seeCommand, "--%s: %s", value.GetFlag().Name, notTaken(value))
	case errors.As(err, &missing) && missing.GetSpecifiedShortnames() != "":
		return usagef(seeCommand, "-%s needs a value", missing.GetSpecifiedName())
	case errors.As(err, &missing):
		return usagef(seeCommand, "--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usagef(seeCommand, "unknown flag -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return usagef(seeCommand, "unknown flag --%s%s", unknown.GetSpecifiedName(), guess("--", unknown.GetSpecifiedName(), names))
	}
	return usagef(seeCommand, "%v", err)
}

// checkEmpty refuses flags and arguments that were given as empty texts: what a
// variable that is not set leaves would else be taken for a flag not given.
func checkEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "func" {
			return // it has no text, and has refused what it doesn't take
		}
		texts := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			texts = list.GetSlice()
		}
		if err == nil && slices.Contains(texts, "") {
			err = usagef(seeCommand, "--%s: its value is empty", f.Name)
		}
	})
	if err == nil && slices.Contains(flags.Args(), "") {
		err = usagef(seeCommand, "an argument is empty")
	}
	return err
}

// notTaken says why a flag does not take a value.
func notTaken(err *pflag.InvalidValueError) string {
	is := map[string]string{"int": "not a whole number of at most 18 digits", "float64": "not a number", "bool": "neither true nor false"}
	if what, ok := is[err.GetFlag().Value.Type()]; ok {
		return fmt.Sprintf("%q is %s", err.GetValue(), what)
	}
	return plainly(err.Unwrap())
}

// plainly is the text of an error without the condition that it wraps, where a flag
// is named instead.
func plainly(err error) string {
	text := err.Error()
	for _, condition := range []error{repair.ErrUsage, batch.ErrUsage} {
		text = strings.TrimPrefix(text, condition.Error()+": ")
	}
	return text
}

// asUsage turns an error about options or paths into one of the command line.
func asUsage(err error) error {
	if errors.Is(err, batch.ErrUsage) || errors.Is(err, repair.ErrUsage) {
		return usagef(seeCommand, "%s", plainly(err))
	}
	return err
}

// guess suggests the word that was meant by one that is none of them, if one is
// near; prefix comes before words.
func guess(prefix, word string, words []string) string {
	if best, ok := nearest(word, words); ok {
		return fmt.Sprintf("; did you mean %s%s?", prefix, best)
	}
	return ""
}

// nearest returns the word that is most like one that is none of them, if one is near.
func nearest(word string, words []string) (best string, ok bool) {
	if len(word) > longestWord {
		return "", false
	}
	least := (len(word)+1)/3 + 1
	for _, w := range words {
		if len(w) > longestWord {
			continue
		}
		d := edits(word, w)
		if len(word) > 1 && strings.HasPrefix(w, word) {
			d = 0 // it was cut short
		}
		if d < least {
			best, least = w, d
		}
	}
	return best, best != ""
}

// longestWord is the length of one that is compared with others, bytes.
const longestWord = 100

// edits is how many bytes have to be put in, taken out or changed, or exchanged with
// the next, to make one word of another (the optimal string alignment distance).
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := range len(a) {
		for j := range len(b) {
			change := rows[i][j]
			if a[i] != b[j] {
				change++
			}
			rows[i+1][j+1] = min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// checkKind checks a kind of findings that was read, or why it could not be: the
// report takes any word for a flag.
func checkKind(k report.Kind, text string, err error) error {
	verdict, _, _ := strings.Cut(text, "/")
	verdict, _, _ = strings.Cut(verdict, "=")
	if err != nil {
		var words []string
		for _, v := range report.Verdicts() {
			words = append(words, string(v))
		}
		words = append(words, report.Unknown, report.Unread)
		if slices.Contains(words, verdict) {
			return err
		}
		return fmt.Errorf("%w%s", err, guess("", verdict, words))
	}
	if k.Verdict == report.Discard {
		return checkReason(k.Flag)
	}
	flags := slices.Clone(tcp.AnalysisNames())
	for _, law := range reorder.LawNames() {
		if !slices.Contains(flags, law) { // as one of the flags is called
			flags = append(flags, law)
		}
	}
	if k.Flag != "" && !slices.Contains(flags, k.Flag) {
		return fmt.Errorf("%q is neither a flag nor a law; they are %s%s", k.Flag, strings.Join(flags, ", "), guess("", k.Flag, flags))
	}
	return nil
}

// checkReason checks a reason why a host drops a packet: Windows has some three hundred.
func checkReason(word string) error {
	number, numbered := strings.CutPrefix(word, "reason ")
	_, err := strconv.ParseUint(number, 10, 32)
	reasons := etw.DropReasons()
	if word == "" || numbered && err == nil || slices.Contains(reasons, word) {
		return nil
	}
	var like []string
	for _, r := range reasons {
		if strings.Contains(strings.ToLower(r), strings.ToLower(word)) {
			like = append(like, r)
		}
	}
	said := guess("", word, reasons)
	if len(like) > 0 {
		said = "; those like it are " + strings.Join(like, ", ")
	}
	return fmt.Errorf("%q is no reason of PktMon's for a drop, as INET_ChecksumInvalid or, of those without a name, \"reason 3001\"%s", word, said)
}

// sizeValue is a number of bytes; 0 is none.
type sizeValue int64

// String, Set and Type implement pflag.Value.
func (v *sizeValue) String() string {
	switch n := int64(*v); {
	case n == 0:
		return ""
	case n%1e9 == 0:
		return fmt.Sprintf("%dGB", n/1e9)
	default:
		return fmt.Sprint(n)
	}
}

// Set reads a number of bytes with an optional unit.
func (v *sizeValue) Set(text string) error {
	number, unit := text, int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}} {
		if before, ok := strings.CutSuffix(strings.ToUpper(text), u.suffix); ok {
			number, unit = before, u.bytes
			break
		}
	}
	const most = 1e18 // bytes
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 1 || n > most/unit {
		return fmt.Errorf("%q is not a size: write a whole number from 1 up, in bytes or with one of the units B, kB, MB, GB and TB, as in 512MB", text)
	}
	*v = sizeValue(n * unit)
	return nil
}

func (v *sizeValue) Type() string { return "size" }

// zoneValue is how far a time zone is east of Greenwich; 0 is UTC.
type zoneValue time.Duration

// String, Set and Type implement pflag.Value.
func (v *zoneValue) String() string {
	if *v == 0 {
		return "UTC" // an empty text is refused as a value that is missing
	}
	return time.Unix(0, 0).In(time.FixedZone("", int(time.Duration(*v).Seconds()))).Format("-07:00")
}

// Set reads an offset in hours and minutes.
func (v *zoneValue) Set(text string) error {
	at, err := time.Parse("Z07:00", strings.ReplaceAll(text, "UTC", "Z"))
	if err != nil {
		return fmt.Errorf("%q is not a zone: write how far it is from UTC, as in +01:00 or -03:30, or UTC", text)
	}
	_, east := at.Zone()
	*v = zoneValue(time.Duration(east) * time.Second)
	return nil
}

func (v *zoneValue) Type() string { return "zone" }
