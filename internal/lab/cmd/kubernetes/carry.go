//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"time"

	"github.com/mendcap/mendcap/internal/lab/planned"
)

// job is what is asked of the Job.
type job struct {
	Status struct {
		Succeeded        int    `json:"succeeded"`
		CompletedIndexes string `json:"completedIndexes"`
		FailedIndexes    string `json:"failedIndexes"`
		Conditions       []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

// carryOut creates the Job that mendcap prints, disturbs the cluster, and waits until the
// Job is complete.
func carryOut(b *planned.Bench, p *plane) error {
	c := &cluster{plane: p, b: b, nodes: []*node{{name: "n0", pods: map[string]*process{}}, {name: "n1", pods: map[string]*process{}}}}
	defer c.killAll()
	manifest, err := b.Submit("kubernetes", "--image", "lab.invalid/mendcap:1", "--volume", "captures:"+b.Path("."), "--workers", "4")
	if err != nil {
		return err
	}
	for _, n := range c.nodes {
		if err := c.beat(n); err != nil {
			return err
		}
	}
	var made struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := c.do("POST", jobsPath+"?fieldValidation=Strict", asYAML, manifest, &made); err != nil {
		return err
	}
	b.Say("the API server takes the Job %s", made.Metadata.Name)
	d := disturbance{c: c}
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); {
		if err := errors.Join(p.ctx.Err(), c.turn(d.step)); err != nil {
			return err
		}
		var j job
		if err := c.do("GET", jobsPath+"/"+made.Metadata.Name, "", nil, &j); err != nil {
			return err
		}
		for _, condition := range j.Status.Conditions {
			switch {
			case condition.Status != "True":
			case condition.Type == "Complete":
				b.Say("the Job is complete: indexes %s", j.Status.CompletedIndexes)
				return d.all()
			case condition.Type == "Failed":
				return fmt.Errorf("the Job failed: %s; failed indexes %q", condition.Message, j.Status.FailedIndexes)
			}
		}
	}
	return errors.New("the Job did not end in ten minutes")
}

// turn beats for the nodes, and does what there is to do for a second.
func (c *cluster) turn(disturb func() error) error {
	for _, n := range c.nodes {
		if !n.silent {
			if err := c.beat(n); err != nil {
				return err
			}
		}
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err := errors.Join(c.step(), disturb()); err != nil {
			return err
		}
	}
	return nil
}

// killAll ends what still runs.
func (c *cluster) killAll() {
	for _, n := range c.nodes {
		for _, one := range n.pods {
			if one != nil {
				one.Process.Kill() // no error but that it has ended
			}
		}
	}
}
