//go:build linux

package slurm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nodes are the names of the cluster's nodes.
var nodes = []string{"n0", "n1"}

// lost is how long a node may be silent before its tasks are given to others.
const lost = 6 * time.Second

// configuration is that of Slurm: names of this host, of the folder, and the time after
// which a node is lost. Whatever has an address is on the loopback interface. That 75
// means "try again" is left to the script, as where nobody may change this file.
const configuration = `ClusterName=lab
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool-%%n
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd-%%n.pid
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/slurmd-%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=%[3]d
NodeName=n[0-1] NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`

// cluster is a Slurm of two nodes, whose daemons are processes of this command.
type cluster struct {
	ctx     context.Context
	dir     string
	daemons map[string]*exec.Cmd // by the name of the program, or of the node
}

// start starts the daemons, and waits until both nodes can be used.
func start(ctx context.Context, dir string) (c *cluster, err error) {
	c = &cluster{ctx: ctx, dir: dir, daemons: make(map[string]*exec.Cmd)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.stop())
		}
	}()
	if err := c.configure(); err != nil {
		return c, err
	}
	socket := filepath.Join(dir, "munge.socket")
	err = c.daemon("munged", "munged", "--foreground", "--force", "--num-threads=2", "--key-file="+filepath.Join(dir, "munge.key"), "--socket="+socket,
		"--pid-file="+filepath.Join(dir, "munged.pid"), "--log-file="+filepath.Join(dir, "munged.log"), "--seed-file="+filepath.Join(dir, "munge.seed"))
	if err != nil {
		return c, err
	}
	if err := c.await("munge's socket", func() bool { _, err := os.Stat(socket); return err == nil }); err != nil {
		return c, err
	}
	if err := c.daemon("slurmctld", "slurmctld", "-D", "-c"); err != nil {
		return c, err
	}
	for _, node := range nodes {
		if err := c.daemon(node, "slurmd", "-D", "-N", node); err != nil {
			return c, err
		}
	}
	return c, c.await("the nodes", func() bool {
		states, err := c.ask("sinfo", "-h", "-N", "-o", "%T")
		return err == nil && strings.Join(strings.Fields(states), " ") == "idle idle"
	})
}

// configure writes the key of munge and the configuration.
func (c *cluster) configure() error {
	for _, dir := range []string{"", "state", "spool-n0", "spool-n1"} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o755); err != nil {
			return err
		}
	}
	key := make([]byte, 128)
	rand.Read(key) // never fails
	if err := os.WriteFile(filepath.Join(c.dir, "munge.key"), key, 0o600); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	host, _, _ = strings.Cut(host, ".")
	return os.WriteFile(c.file(), fmt.Appendf(nil, configuration, host, c.dir, int(lost.Seconds())), 0o644)
}

func (c *cluster) file() string { return filepath.Join(c.dir, "slurm.conf") }

func (c *cluster) environment() []string { return append(os.Environ(), "SLURM_CONF="+c.file()) }

// daemon starts a program that stays.
func (c *cluster) daemon(name, program string, args ...string) error {
	said, err := os.Create(filepath.Join(c.dir, name+".said"))
	if err != nil {
		return err
	}
	defer said.Close()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.environment(), said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // none outlives this command
	if err := cmd.Start(); err != nil {
		return err
	}
	c.daemons[name] = cmd
	return nil
}

// ask runs a client of Slurm.
func (c *cluster) ask(program string, args ...string) (string, error) {
	cmd := exec.CommandContext(c.ctx, program, args...)
	cmd.Env = c.environment()
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// patience is how long something is waited for.
const patience = 30 * time.Second

// await waits until something is so.
func (c *cluster) await(what string, so func() bool) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		if so() {
			return nil
		}
	}
	return fmt.Errorf("%s did not come in %v; the daemons said:\n%s", what, patience, c.said())
}

// said is the end of what the daemons wrote.
func (c *cluster) said() string {
	var all strings.Builder
	for name := range c.daemons {
		data, _ := os.ReadFile(filepath.Join(c.dir, name+".said"))
		fmt.Fprintf(&all, "%s: %s\n", name, data[max(0, len(data)-2000):])
	}
	return all.String()
}

// stop ends the daemons, the nodes first, which end what runs on them.
func (c *cluster) stop() error {
	for _, name := range []string{"n0", "n1", "slurmctld", "munged"} {
		cmd := c.daemons[name]
		if cmd == nil || cmd.ProcessState != nil {
			continue
		}
		cmd.Process.Signal(syscall.SIGTERM) // no error but that it has ended
		ended := make(chan bool)
		go func() { cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	}
	return nil
}
