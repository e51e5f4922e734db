//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/lab/planned"
)

// The media types of requests.
const (
	asJSON  = "application/json"
	asYAML  = "application/yaml"
	asPatch = "application/merge-patch+json"
)

const (
	podsPath  = "/api/v1/namespaces/default/pods"
	nodesPath = "/api/v1/nodes"
	jobsPath  = "/apis/batch/v1/namespaces/default/jobs"
)

// slots is how many Pods run on a node at a time.
const slots = 2

// node is one that is made up.
type node struct {
	name   string
	silent bool
	pods   map[string]*process // by the Pod's name
}

// process is the container of a Pod.
type process struct {
	*exec.Cmd
	index string
	ended chan int // gets its exit code
}

// pod is what nodes need to know of a Pod.
type pod struct {
	Metadata struct {
		Name              string            `json:"name"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
		Annotations       map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		NodeName   string `json:"nodeName"`
		Containers []struct {
			Args []string `json:"args"`
			Env  []struct {
				Name      string `json:"name"`
				Value     string `json:"value"`
				ValueFrom *struct {
					FieldRef struct {
						FieldPath string `json:"fieldPath"`
					} `json:"fieldRef"`
				} `json:"valueFrom"`
			} `json:"env"`
		} `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

// indexAnnotation has the index of a Pod.
const indexAnnotation = "batch.kubernetes.io/job-completion-index"

// cluster runs the Pods of the Job on its nodes.
type cluster struct {
	*plane
	b     *planned.Bench
	nodes []*node
}

// beat says that a node is alive; the first time it makes the node.
func (c *cluster) beat(n *node) error {
	conditions := map[string]any{"status": map[string]any{
		"conditions": []any{map[string]any{"type": "Ready", "status": "True", "lastHeartbeatTime": time.Now().UTC().Format(time.RFC3339), "reason": "Lab", "message": ""}},
		"capacity":   map[string]any{"cpu": "2", "memory": "8Gi", "pods": "10"},
	}}
	err := c.do("PATCH", nodesPath+"/"+n.name+"/status", asPatch, conditions, nil)
	if !isGone(err) {
		return err
	}
	made := map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": n.name}}
	if err := c.do("POST", nodesPath, asJSON, made, nil); err != nil {
		return err
	}
	return c.do("PATCH", nodesPath+"/"+n.name+"/status", asPatch, conditions, nil)
}

// step does what scheduler and kubelets would do now.
func (c *cluster) step() error {
	var list struct {
		Items []pod `json:"items"`
	}
	if err := c.do("GET", podsPath, "", nil, &list); err != nil {
		return err
	}
	for i := range list.Items {
		p := &list.Items[i]
		var err error
		if n := c.find(p.Spec.NodeName); p.Spec.NodeName == "" {
			err = c.bind(p)
		} else if n != nil && !n.silent {
			err = c.see(n, p)
		}
		if err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

func (c *cluster) find(name string) *node {
	for _, n := range c.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}

// bind gives a Pod to a node that has room, if there is one.
func (c *cluster) bind(p *pod) error {
	for _, n := range c.nodes {
		if n.silent || len(n.pods) >= slots {
			continue
		}
		n.pods[p.Metadata.Name] = nil
		binding := map[string]any{
			"apiVersion": "v1", "kind": "Binding", "metadata": map[string]any{"name": p.Metadata.Name},
			"target": map[string]any{"apiVersion": "v1", "kind": "Node", "name": n.name},
		}
		return c.do("POST", podsPath+"/"+p.Metadata.Name+"/binding", asJSON, binding, nil)
	}
	return nil
}

// see does what the kubelet of a node does about one of its Pods.
func (c *cluster) see(n *node, p *pod) error {
	running := n.pods[p.Metadata.Name]
	switch {
	case p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed":
		return nil
	case running == nil && p.Metadata.DeletionTimestamp != "":
		delete(n.pods, p.Metadata.Name)
		return c.remove(p)
	case running == nil:
		return c.run(n, p)
	case p.Metadata.DeletionTimestamp != "":
		running.Process.Signal(syscall.SIGTERM) // no error but that it has ended
	}
	select {
	case code := <-running.ended:
		delete(n.pods, p.Metadata.Name)
		if err := c.report(p, code); err != nil {
			return err
		}
		if p.Metadata.DeletionTimestamp != "" {
			c.b.Say("index %s was evicted, and its worker ended with %d", running.index, code)
			return c.remove(p)
		}
		if code != 0 {
			c.b.Say("index %s ended with %d", running.index, code)
		}
	default:
	}
	return nil
}

// escaped matches what a kubelet expands in arguments.
var escaped = regexp.MustCompile(`\$(\$|\(\w+\))`)

// run starts the container of a Pod.
func (c *cluster) run(n *node, p *pod) error {
	container := p.Spec.Containers[0]
	var args []string
	for _, arg := range container.Args {
		args = append(args, escaped.ReplaceAllStringFunc(arg, func(s string) string { return strings.TrimPrefix(s, "$") }))
	}
	one := &process{Cmd: exec.Command(c.b.Program(), args...), index: p.Metadata.Annotations[indexAnnotation], ended: make(chan int, 1)}
	one.Env = []string{"TMPDIR=" + c.dir}
	for _, v := range container.Env {
		if v.ValueFrom != nil {
			if !strings.Contains(v.ValueFrom.FieldRef.FieldPath, indexAnnotation) {
				return fmt.Errorf("variable %s is from %s", v.Name, v.ValueFrom.FieldRef.FieldPath)
			}
			v.Value = one.index
		}
		one.Env = append(one.Env, v.Name+"="+v.Value)
	}
	log, err := os.Create(filepath.Join(c.dir, p.Metadata.Name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	one.Stdout, one.Stderr = log, log
	if err := one.Start(); err != nil {
		return err
	}
	go func() {
		err := one.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
			one.ended <- 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
			return
		}
		one.ended <- one.ProcessState.ExitCode()
	}()
	n.pods[p.Metadata.Name] = one
	return c.do("PATCH", podsPath+"/"+p.Metadata.Name+"/status", asPatch, map[string]any{"status": map[string]any{"phase": "Running"}}, nil)
}

// report tells how the container of a Pod has ended.
func (c *cluster) report(p *pod, code int) error {
	phase := "Succeeded"
	if code != 0 {
		phase = "Failed"
	}
	return c.do("PATCH", podsPath+"/"+p.Metadata.Name+"/status", asPatch, map[string]any{"status": map[string]any{
		"phase": phase,
		"containerStatuses": []any{map[string]any{
			"name": "mendcap", "image": "lab", "imageID": "", "ready": false, "restartCount": 0,
			"state": map[string]any{"terminated": map[string]any{"exitCode": code}},
		}},
	}}, nil)
}

// remove confirms that a Pod which is to be deleted has ended.
func (c *cluster) remove(p *pod) error {
	return c.do("DELETE", podsPath+"/"+p.Metadata.Name+"?gracePeriodSeconds=0", "", nil, nil)
}
