//go:build linux

package kubernetes

import (
	"fmt"
	"syscall"
)

// disturbance evicts a Pod, kills a worker, then loses a node, and has its object deleted
// once its Pods are evicted.
type disturbance struct {
	c                              *cluster
	evicted, killed, lost, deleted bool
	index                          string // of the Pod that was evicted
}

// all checks that all of it came about.
func (d *disturbance) all() error {
	if !d.evicted || !d.killed || !d.lost || !d.deleted {
		return fmt.Errorf("the Job was complete before it was disturbed: a Pod evicted %v, a worker killed %v, a node lost %v and deleted %v", d.evicted, d.killed, d.lost, d.deleted)
	}
	return nil
}

// step does what is next, if its time has come.
func (d *disturbance) step() error {
	switch {
	case !d.evicted:
		return d.evict(d.c.nodes[0])
	case !d.killed:
		return d.kill(d.c.nodes[0])
	case !d.lost:
		return d.lose(d.c.nodes[1])
	case !d.deleted:
		return d.delete(d.c.nodes[1])
	}
	return nil
}

// catch stops a worker of a node that writes an output now, if there is one.
func (d *disturbance) catch(n *node) (name string, caught *process) {
	for name, one := range n.pods {
		if one == nil || !d.c.b.Works(one.Process.Pid) || one.Process.Signal(syscall.SIGSTOP) != nil {
			continue
		}
		if d.c.b.Works(one.Process.Pid) {
			return name, one
		}
		one.Process.Signal(syscall.SIGCONT) // no error but that it has ended
	}
	return "", nil
}

// evict evicts a Pod in the middle of its work.
func (d *disturbance) evict(n *node) error {
	name, one := d.catch(n)
	if one == nil {
		return nil
	}
	eviction := map[string]any{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": map[string]any{"name": name}}
	if err := d.c.do("POST", podsPath+"/"+name+"/eviction", asJSON, eviction, nil); err != nil {
		return err
	}
	d.evicted, d.index = true, one.index
	d.c.b.Say("index %s is evicted while its worker writes", one.index)
	return one.Process.Signal(syscall.SIGCONT)
}

// kill ends a worker as the kernel does where memory ends.
func (d *disturbance) kill(n *node) error {
	_, one := d.catch(n)
	if one == nil {
		return nil
	}
	if one.index == d.index {
		return one.Process.Signal(syscall.SIGCONT) // it is ending
	}
	d.killed = true
	d.c.b.Say("the worker of index %s is killed while it writes", one.index)
	return one.Process.Kill()
}

// lose ends a node in the middle of its work.
func (d *disturbance) lose(n *node) error {
	_, one := d.catch(n)
	if one == nil {
		return nil
	}
	n.silent, d.lost = true, true
	for _, other := range n.pods {
		if other != nil {
			other.Process.Kill() // no error but that it has ended
			d.c.b.Say("node %s is lost, and with it the worker of index %s", n.name, other.index)
		}
	}
	return nil
}

// delete deletes the object of a lost node once its Pods are evicted.
func (d *disturbance) delete(n *node) error {
	for name := range n.pods {
		var p pod
		if err := d.c.do("GET", podsPath+"/"+name, "", nil, &p); err != nil && !isGone(err) {
			return err
		} else if err == nil && p.Metadata.DeletionTimestamp == "" {
			return nil
		}
	}
	d.deleted = true
	d.c.b.Say("the Pods of node %s are evicted; its object is deleted", n.name)
	return d.c.do("DELETE", nodesPath+"/"+n.name, "", nil, nil)
}
