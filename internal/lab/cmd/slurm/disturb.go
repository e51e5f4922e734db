//go:build linux

package slurm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/lab/planned"
)

// carryOut plans, submits what mendcap prints, disturbs the cluster, and waits until it
// has nothing more to do.
func (c *cluster) carryOut(b *planned.Bench) error {
	if err := c.submit(b); err != nil {
		return err
	}
	requeued, err := c.requeueOne(b)
	if err != nil {
		return err
	}
	if err := c.killWorker(b, requeued); err != nil {
		return err
	}
	if err := c.killNode(b, "n1"); err != nil {
		return err
	}
	end := time.Now().Add(5 * time.Minute)
	for time.Now().Before(end) {
		tasks, err := c.tasks()
		if err != nil {
			return err
		}
		if len(tasks) == 0 {
			b.Say("nothing is queued any more")
			return nil
		}
		for _, t := range tasks {
			// A task that was begun again has to wait for two minutes by default.
			if t.state == "PENDING" && t.reason == "BeginTime" {
				if _, err := c.ask("scontrol", "update", "jobid="+t.id, "StartTime=now"); err != nil {
					return err
				}
				b.Say("lot %s is begun again at once", t.id)
			}
		}
		time.Sleep(300 * time.Millisecond)
	}
	return errors.New("the lots did not end in five minutes")
}

// submit gives the script that mendcap prints to sbatch.
func (c *cluster) submit(b *planned.Bench) error {
	script, err := b.Submit("slurm")
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.Path("lots.sbatch"), []byte(script), 0o666); err != nil {
		return err
	}
	path := filepath.Dir(b.Program()) + string(filepath.ListSeparator) + os.Getenv("PATH")
	if err := os.Setenv("PATH", path); err != nil { // which sbatch hands on
		return err
	}
	said, err := c.ask("sbatch", "--chdir="+c.dir, b.Path("lots.sbatch"))
	b.Say("%s", strings.TrimSpace(said))
	return err
}

// task is one of an array, as squeue shows it.
type task struct{ id, state, reason string }

func (c *cluster) tasks() (all []task, err error) {
	text, err := c.ask("squeue", "-h", "-r", "-o", "%F_%K %T %r")
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 {
			all = append(all, task{f[0], f[1], f[2]})
		}
	}
	return all, err
}

// worker is a process of mendcap that a node runs.
type worker struct {
	pid int
	lot string // JOB_TASK
}

// workers are those of a node of this cluster.
func (c *cluster) workers(node string) (all []worker) {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, name := range names {
		dir := filepath.Dir(name)
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if nameOf(pid) != "mendcap" {
			continue
		}
		if variable(dir, "SLURM_CONF") == c.file() && variable(dir, "SLURMD_NODENAME") == node {
			all = append(all, worker{pid, variable(dir, "SLURM_ARRAY_JOB_ID") + "_" + variable(dir, "SLURM_ARRAY_TASK_ID")})
		}
	}
	return all
}

// variable is one of a process's environment.
func variable(dir, name string) string {
	data, _ := os.ReadFile(filepath.Join(dir, "environ"))
	for word := range bytes.SplitSeq(data, []byte{0}) {
		if value, ok := strings.CutPrefix(string(word), name+"="); ok {
			return value
		}
	}
	return ""
}

// catch stops a worker of a node in the middle of its work.
func (c *cluster) catch(b *planned.Bench, node string) (worker, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, w := range c.workers(node) {
			if !b.Works(w.pid) || syscall.Kill(w.pid, syscall.SIGSTOP) != nil {
				continue
			}
			if b.Works(w.pid) {
				return w, nil
			}
			syscall.Kill(w.pid, syscall.SIGCONT) // no error but that it has ended
		}
	}
	return worker{}, fmt.Errorf("no worker of node %q was seen at work in %v", node, patience)
}

// requeueOne has Slurm interrupt a lot and begin it again, and returns which.
func (c *cluster) requeueOne(b *planned.Bench) (lot string, err error) {
	w, err := c.catch(b, "n0")
	if err != nil {
		return "", err
	}
	if _, err := c.ask("scontrol", "requeue", w.lot); err != nil {
		return "", err
	}
	b.Say("lot %s is requeued while its worker is at work", w.lot)
	return w.lot, syscall.Kill(w.pid, syscall.SIGCONT)
}

// killWorker ends a worker, of another lot than one, as the kernel does where memory
// ends. Its script has Slurm begin the lot again.
func (c *cluster) killWorker(b *planned.Bench, but string) error {
	for {
		w, err := c.catch(b, "n0")
		if err != nil {
			return err
		}
		if w.lot == but {
			syscall.Kill(w.pid, syscall.SIGCONT) // no error but that it has ended
			continue
		}
		b.Say("the worker of lot %s is killed at work", w.lot)
		return syscall.Kill(w.pid, syscall.SIGKILL)
	}
}

// killNode ends a node in the middle of its work: daemon, steps and workers.
func (c *cluster) killNode(b *planned.Bench, node string) error {
	w, err := c.catch(b, node)
	if err != nil {
		return err
	}
	daemon := c.daemons[node]
	if err := daemon.Process.Kill(); err != nil {
		return err
	}
	daemon.Wait() // it was killed
	var ended []string
	for _, other := range c.workers(node) {
		// The step goes before what it waits for, so that it can't report the end.
		script := parent(other.pid)
		step := parent(script)
		if nameOf(step) != "slurmstepd" {
			return fmt.Errorf("process %d above worker %d is %q, and no step of Slurm", step, other.pid, nameOf(step))
		}
		for _, pid := range []int{step, script, other.pid} {
			syscall.Kill(pid, syscall.SIGKILL) // no error but that it has ended
		}
		ended = append(ended, other.lot)
	}
	b.Say("node %s is ended by SIGKILL while the worker of lot %s is at work; workers ended: %s", node, w.lot, strings.Join(ended, ", "))
	return nil
}

// nameOf is what a process is called.
func nameOf(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(name))
}

// parent is the process that started one, or 0.
func parent(pid int) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ") // after the name
	if f := strings.Fields(rest); len(f) > 1 {
		number, _ := strconv.Atoi(f[1])
		return number
	}
	return 0
}
