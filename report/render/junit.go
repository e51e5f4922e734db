package render

import (
	"io"
	"strconv"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// junitWriter writes one test suite for each capture, and in it one case for
// each check. The totals come first, so that it writes at its end.
type junitWriter struct {
	w      io.Writer
	suites junit.Testsuites
}

func (j *junitWriter) Add(r *report.Report) error {
	name := text.Sanitise(r.Capture.Name)
	suite := junit.Testsuite{Name: name, ID: len(j.suites.Suites), Time: "0"}
	suite.AddProperty("findings", strconv.FormatInt(r.Findings.Total, 10))
	if r.Findings.Events > 0 {
		suite.AddProperty("events", strconv.FormatInt(r.Findings.Events, 10))
	}
	checks := report.Checks(r)
	if r.Check != nil {
		checks = r.Check.Checks[:min(len(r.Check.Checks), shownChecks)]
	}
	for _, c := range checks {
		one := junit.Testcase{Name: text.Sanitise(c.Name), Classname: name, Time: "0"}
		more := bounded.Sub(c.Found, int64(len(c.Examples)))
		examples := sanitisedLines(c.Examples) + text.When(more > 0 && len(c.Examples) > 0, "\nand "+text.Count(more)+" more")
		if c.Failed {
			one.Failure = &junit.Result{Message: text.Sanitise(c.Message), Type: text.Sanitise(c.Name), Data: examples}
		} else if examples != "" {
			one.SystemOut = &junit.Output{Data: text.Sanitise(c.Message) + "\n" + examples}
		}
		suite.AddTestcase(one)
	}
	j.suites.AddSuite(suite)
	return nil
}

func (j *junitWriter) Close() error {
	j.suites.Name = "mendcap"
	if _, err := io.WriteString(j.w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return j.suites.WriteXML(j.w)
}
