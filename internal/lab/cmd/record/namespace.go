//go:build linux

package record

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace that this command made itself.
type namespace struct {
	name string
	file *os.File
}

func newNamespace(name string) (*namespace, error) {
	if err := ip("netns", "add", name); err != nil {
		return nil, err
	}
	file, err := os.Open("/run/netns/" + name)
	if err != nil {
		return nil, fmt.Errorf("open namespace: %w", err)
	}
	return &namespace{name, file}, nil
}

// remove deletes the namespace with all that is in it.
func (n *namespace) remove() error {
	if err := n.file.Close(); err != nil {
		return err
	}
	return ip("netns", "delete", n.name)
}

// do runs f on a thread that lives in the namespace. Sockets that f opens
// belong to the namespace for good; the thread is thrown away.
func (n *namespace) do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter namespace %s: %w", n.name, err)
			return
		}
		done <- f()
	}()
	return <-done
}

// ip runs iproute2 in the namespace, once for each line of commands.
func (n *namespace) ip(commands ...string) error {
	for _, line := range commands {
		if err := ip(append([]string{"-n", n.name}, strings.Fields(line)...)...); err != nil {
			return err
		}
	}
	return nil
}

// sysctl sets variables below /proc/sys/net, by path.
func (n *namespace) sysctl(values map[string]string) error {
	return n.do(func() error {
		for path, value := range values {
			if err := os.WriteFile("/proc/sys/net/"+path, []byte(value), 0o644); err != nil {
				return fmt.Errorf("set %s: %w", path, err)
			}
		}
		return nil
	})
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
