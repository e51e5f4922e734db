package report

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	reflected "github.com/invopop/jsonschema"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/internal/lab/schema"
)

// derivedForms are the types of the forms of JSON, and their versioned names.
var derivedForms = map[string]struct {
	title string
	of    any
}{
	"report":   {Schema, &Report{}},
	"check":    {Schema, &Report{}},
	"batch":    {BatchSchema, &Batch{}},
	"explain":  {ExplainSchema, &Explanations{}},
	"diff":     {DiffSchema, &Diff{}},
	"baseline": {BaselineSchema, &baselineFile{}},
	"jsonl":    {LinesSchema, nil},
}

// deriver knows what the Go types don't say. Values that are empty in a report of which
// nothing is filled in are among those allowed.
func deriver() *schema.Deriver {
	constant := func(is string) *reflected.Schema { return &reflected.Schema{Const: is} }
	pattern := func(is string) *reflected.Schema { return &reflected.Schema{Pattern: is} }
	verdicts, laws, outcomes := schema.Names(Verdicts()...), schema.Names(schema.Laws()...), schema.Names(Outcomes()...)
	flags := schema.Flags()
	flag := schema.Names(append([]string{""}, flags...)...)
	detail := schema.Names(FastRetransmission, TimeBased, TailLossProbe, Timeout, ByNetwork, ByCapture)
	direction := schema.Names("in", "out", "both")
	share := &reflected.Schema{Minimum: "0", Maximum: "1"}
	evidence := schema.Names(append([]string{""}, schema.Evidence()...)...)
	byFlag, byEvidence := schema.Keys(flags...), schema.Keys(schema.Evidence()...)
	hash := pattern("^[0-9a-f]{64}$")
	var names []string
	for _, v := range Verdicts() {
		names = append(names, string(v))
	}
	return &schema.Deriver{
		Package: "github.com/mendcap/mendcap/report", Dir: ".",
		Types: map[reflect.Type]*reflected.Schema{
			reflect.TypeFor[Endpoints](): {Type: "string", Pattern: "^(.+ > .+)?$"},
			reflect.TypeFor[Verdict]():   verdicts,
			reflect.TypeFor[LawName]():   laws,
			reflect.TypeFor[Outcome]():   outcomes,
		},
		Properties: map[string]*reflected.Schema{
			"Report.schema": constant(Schema), "Batch.schema": constant(BatchSchema), "Explanations.schema": constant(ExplainSchema),
			"Diff.schema": constant(DiffSchema), "baselineFile.schema": constant(BaselineSchema), "CaptureLine.schema": constant(LinesSchema),
			"FindingLine.type": constant(LineOfFinding), "CaptureLine.type": constant(LineOfCapture),
			"byVerdict": schema.Keys(names...), "byLaw": schema.Keys(schema.Laws()...), "byOutcome": {PropertyNames: outcomes},
			"Analysis.asIs": byFlag, "Analysis.before": byFlag, "Analysis.after": byFlag, "notRead": schema.Keys(schema.Unread()...),
			"byEvidence": byEvidence, "likelyByEvidence": byEvidence,
			"HeaderChoice.evidence": evidence, "ExplainedHeader.evidence": evidence, "ExplainedCandidate.evidence": evidence,
			"flag": flag, "Point.flags": {Enum: schema.Names(flags...).Enum}, "posterior": share,
			"Group.about":             {Enum: schema.Names(append(append([]string{"connection", "packet"}, flags...), prefixed("law ", schema.Laws())...)...).Enum},
			"Check.name":              pattern("^(input|not analysed|unknown|unread|(" + strings.Join(names, "|") + ")(/.+)?)$"),
			"Output.status":           schema.Names("", "written", "unchanged", StatusOmitted),
			"basis":                   schema.Names("", "file", "stamps"),
			"Order.vantage":           schema.Names("", "tables", "direction flags", "headerless form", "TTL", "loopback", "unproven"),
			"ipid":                    schema.Names("", "none", "per flow", "global"),
			"Clock.state":             schema.Names(ClockAligned, ClockDiffers, ClockCorrected, ClockOneSided, ClockUnknown),
			"bound":                   schema.Names("at least", "at most"),
			"Point.kind":              schema.Names("data", "ack"),
			"resolution":              pattern(`^(10|2)\^-[0-9]+ s$`),
			"Origin.inputs":           hash,
			"Origin.output":           hash,
			"form":                    schema.Names(FormWhole, FormStub, FormSockaddr, FormSockaddrIPv4, FormMended, FormNone),
			"ExplainedField.origin":   schema.Names("inferred", "likely", "as captured", "as stated", "unknown"),
			"why":                     schema.Names(whys...),
			"DropCount.source":        schema.Names("isb_ifdrop", "isb_osdrop", "epb_dropcount"),
			"DirectionLoss.direction": direction, "LossBin.direction": direction,
			"Damage.frame": {Minimum: "-1"}, "baselineEntry.flow": pattern("^(.+ > .+)?$"), "baselineEntry.count": {Minimum: "1"}, "Group.count": {Minimum: "1"},
		},
		Signed: map[string]bool{
			"Clock.offset": true, "Clock.skewPPB": true, "TraceClock.offset": true, "TraceClock.skewPPB": true, "ExplainedPlace.shift": true,
			"Point.before": true, "Point.after": true, "Point.left": true, "Point.right": true, "Point.sack": true,
		},
		Refine:    func(s *reflected.Schema) { detailByVerdict(s, detail) },
		Unchecked: map[string]bool{"ExplainedComment": true}, // anybody may have written it
		Closed:    map[string]bool{"Range": true, "baselineFile": true, "baselineCapture": true, "baselineEntry": true},
	}
}

// detailByVerdict says of what has a verdict and a detail that the detail is one of a few,
// but of a Discard: there it is the reason that the host gives.
func detailByVerdict(s, detail *reflected.Schema) {
	_, judged := s.Properties.Get("verdict")
	if _, detailed := s.Properties.Get("detail"); !judged || !detailed {
		return
	}
	with := func(name string, is *reflected.Schema) *reflected.Schema {
		p := reflected.NewProperties()
		p.Set(name, is)
		return &reflected.Schema{Properties: p}
	}
	s.If = with("verdict", &reflected.Schema{Const: Discard})
	s.Else = with("detail", detail)
}

// whys are the reasons for which a frame moves, or stays.
var whys = []string{
	WhyMoved, WhySorted, WhyInOrder, WhyNotInDoubt, WhyNothingBroken, WhyDrop, WhyBeyondLimit, WhyContradiction, WhyOutOfWindow,
	WhyRepairedBefore, WhyFlagsWouldRise, WhySeenTwice, WhyFragments, WhyNoTCP, WhyNotFollowed, WhyNoTime,
}

// prefixed puts a prefix before all names.
func prefixed(prefix string, names []string) []string {
	var all []string
	for _, n := range names {
		all = append(all, prefix+n)
	}
	return all
}

// TestSchemasAreThoseOfTheTypes derives the schemas from the types and their
// comments; -update writes them.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(Schemas())), slices.Sorted(maps.Keys(derivedForms)); !slices.Equal(got, want) {
		t.Errorf("published: got %q, want %q", got, want)
	}
	for name, form := range derivedForms {
		d := deriver()
		derive := func(of any) *reflected.Schema {
			s, err := d.Derive(form.title, of)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var s *reflected.Schema
		switch name {
		case "jsonl":
			s = oneOf(form.title, derive(&FindingLine{}), derive(&CaptureLine{}))
		case "check":
			s = derive(form.of)
			s.ID, s.Title = "urn:mendcap.report:1:check", form.title+" of a check"
			s.Required = append(s.Required, "check")
		default:
			s = derive(form.of)
		}
		text, err := schema.Text(s)
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join("..", "schema", name+".json"), text)
	}
}

// oneOf is the schema of a line that is a finding or the end of a capture.
func oneOf(title string, finding, capture *reflected.Schema) *reflected.Schema {
	s := &reflected.Schema{
		Version: finding.Version, ID: finding.ID, Title: title, Description: "One line of JSON lines.",
		Definitions: finding.Definitions, OneOf: []*reflected.Schema{{Ref: "#/$defs/FindingLine"}, {Ref: "#/$defs/CaptureLine"}},
	}
	maps.Copy(s.Definitions, capture.Definitions)
	for name, line := range map[string]*reflected.Schema{"FindingLine": finding, "CaptureLine": capture} {
		c := *line
		c.Version, c.ID, c.Title, c.Definitions = "", "", "", nil
		s.Definitions[name] = &c
	}
	return s
}
