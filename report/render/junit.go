package render

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// junitWriter writes one test suite for each capture, and in it one case for
// each check. The totals come first, so that it writes at its end.
//
// What is written is what Jenkins and GitLab show, and valid by the schema of Jenkins'
// xUnit plugin (junit-10.xsd): that has no file of a case, so that the file is the
// suite's. Jenkins takes the class name as package and class, GitLab as the suite, and
// GitLab takes cases of the same class and name as one. GitLab shows the text of a
// failure, and not its message. Times are 0 and the timestamp is the earliest of the
// capture, in UTC: the same report gives the same bytes.
type junitWriter struct {
	w       io.Writer
	suites  junit.Testsuites
	classes map[string]int // how many captures have asked for that class
}

// class returns a class name for a capture, which no other one has: "mendcap." and the
// capture's name without dots, since what is after the last one would be the class.
func (j *junitWriter) class(capture string) string {
	if j.classes == nil {
		j.classes = make(map[string]int)
	}
	name := "mendcap." + strings.ReplaceAll(capture, ".", "_")
	for {
		j.classes[name]++
		n := j.classes[name]
		if n == 1 {
			return name
		}
		name += "-" + strconv.Itoa(n)
	}
}

// junitTime is the time of a suite, in UTC: the schema of Apache Ant has no zone.
// It is "" where there is none, or where its year has not four digits.
func junitTime(t time.Time) string {
	if t = t.UTC(); t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format("2006-01-02T15:04:05")
}

func (j *junitWriter) Add(r *report.Report) error {
	name := text.Sanitise(r.Capture.Name)
	class := j.class(name)
	suite := junit.Testsuite{Name: name, ID: len(j.suites.Suites), Time: "0", Timestamp: junitTime(r.Capture.First), File: name}
	suite.AddProperty("findings", strconv.FormatInt(r.Findings.Total, 10))
	if r.Findings.Events > 0 {
		suite.AddProperty("events", strconv.FormatInt(r.Findings.Events, 10))
	}
	checks := report.Checks(r)
	if r.Check != nil {
		checks = r.Check.Checks[:min(len(r.Check.Checks), shownChecks)]
	}
	for _, c := range checks {
		one := junit.Testcase{Name: text.Sanitise(c.Name), Classname: class, Time: "0"}
		more := bounded.Sub(c.Found, int64(len(c.Examples)))
		examples := sanitisedLines(c.Examples) + text.When(more > 0 && len(c.Examples) > 0, "\n"+andMore(int64(more), ""))
		if c.Failed {
			message := text.Sanitise(c.Message)
			one.Failure = &junit.Result{Message: message, Type: text.Sanitise(c.Name), Data: text.Join("\n", message, examples)}
		} else if examples != "" {
			one.SystemOut = &junit.Output{Data: text.Sanitise(c.Message) + "\n" + examples}
		}
		suite.AddTestcase(one)
	}
	j.suites.AddSuite(suite)
	return nil
}

func (j *junitWriter) Close() error {
	j.suites.Name, j.suites.Time = "mendcap", "0"
	if _, err := io.WriteString(j.w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return j.suites.WriteXML(j.w)
}
