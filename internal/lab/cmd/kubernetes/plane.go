//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The addresses of the control plane.
const (
	etcdURL  = "http://127.0.0.1:23790"
	peersURL = "http://127.0.0.1:23800"
	apiPort  = "16443"
	apiURL   = "https://127.0.0.1:" + apiPort
)

// lost is how long a node may be silent before it is taken for lost.
const lost = 5 * time.Second

// plane is a control plane, whose daemons are processes of this command.
type plane struct {
	ctx     context.Context
	dir     string
	token   string
	client  *http.Client
	daemons []*exec.Cmd
}

// start starts the control plane, and waits until it answers.
func start(ctx context.Context, bin, dir string) (p *plane, err error) {
	p = &plane{ctx: ctx, dir: dir, token: rand.Text(), client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // its certificate is its own
	}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	if err := p.configure(); err != nil {
		return p, err
	}
	key := filepath.Join(dir, "accounts.pem")
	err = errors.Join(
		p.daemon("etcd", "--data-dir="+filepath.Join(dir, "etcd"), "--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
			"--listen-peer-urls="+peersURL, "--initial-advertise-peer-urls="+peersURL, "--initial-cluster=default="+peersURL),
		p.daemon(filepath.Join(bin, "kube-apiserver"), "--etcd-servers="+etcdURL, "--bind-address=127.0.0.1", "--secure-port="+apiPort,
			"--cert-dir="+filepath.Join(dir, "certificates"), "--token-auth-file="+filepath.Join(dir, "tokens"), "--authorization-mode=AlwaysAllow",
			"--service-account-issuer=https://lab.invalid", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
			"--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount"))
	if err != nil {
		return p, err
	}
	if err := p.await("the API server", func() bool { return p.do("GET", "/readyz", "", nil, nil) == nil }); err != nil {
		return p, err
	}
	return p, p.daemon(filepath.Join(bin, "kube-controller-manager"), "--kubeconfig="+filepath.Join(dir, "kubeconfig"), "--leader-elect=false",
		"--controllers=job-controller,node-lifecycle-controller,taint-eviction-controller,pod-garbage-collector-controller",
		"--node-monitor-period=1s", fmt.Sprintf("--node-monitor-grace-period=%s", lost), "--secure-port=0")
}

// configure writes what the daemons read.
func (p *plane) configure() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	accounts := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "lab",
		"clusters": []any{map[string]any{"name": "lab", "cluster": map[string]any{"server": apiURL, "insecure-skip-tls-verify": true}}},
		"users":    []any{map[string]any{"name": "lab", "user": map[string]any{"token": p.token}}},
		"contexts": []any{map[string]any{"name": "lab", "context": map[string]any{"cluster": "lab", "user": "lab"}}},
	})
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"accounts.pem": accounts, "kubeconfig": config, "tokens": []byte(p.token + ",lab,lab,system:masters\n")} {
		if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// daemon starts a program that stays.
func (p *plane) daemon(program string, args ...string) error {
	said, err := os.Create(filepath.Join(p.dir, filepath.Base(program)+".said"))
	if err != nil {
		return err
	}
	defer said.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // none outlives this command
	if err := cmd.Start(); err != nil {
		return err
	}
	p.daemons = append(p.daemons, cmd)
	return nil
}

// stop ends the daemons, the last first.
func (p *plane) stop() error {
	for i := len(p.daemons) - 1; i >= 0; i-- {
		p.daemons[i].Process.Kill() // no error but that it has ended; what it keeps is removed
		p.daemons[i].Wait()
	}
	return nil
}

// patience is how long something is waited for.
const patience = 2 * time.Minute

// await waits until something is so.
func (p *plane) await(what string, so func() bool) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if so() {
			return nil
		}
	}
	var said strings.Builder
	for _, d := range p.daemons {
		name := filepath.Base(d.Path)
		data, _ := os.ReadFile(filepath.Join(p.dir, name+".said"))
		fmt.Fprintf(&said, "%s: %s\n", name, data[max(0, len(data)-2000):])
	}
	return fmt.Errorf("%s did not come in %v; the daemons said:\n%s", what, patience, said.String())
}

// status is what the API server answers where it refuses.
type status struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (s *status) Error() string { return s.Message }

// isGone reports whether what was asked for is not there, or was changed meanwhile.
func isGone(err error) bool {
	var s *status
	return errors.As(err, &s) && (s.Code == http.StatusNotFound || s.Code == http.StatusConflict)
}

// do sends a request, with a body of the media type (JSON unless it is text), and decodes
// the answer if into is not nil.
func (p *plane) do(method, path, mediaType string, body, into any) error {
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		text = string(data)
	}
	request, err := http.NewRequestWithContext(p.ctx, method, apiURL+path, strings.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		refused := &status{Code: answer.StatusCode, Message: string(bytes.TrimSpace(data))}
		json.Unmarshal(data, refused) // else it is what it says
		return fmt.Errorf("%s %s: %w", method, path, refused)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}
