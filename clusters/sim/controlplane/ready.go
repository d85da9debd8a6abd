package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// healthPoll is how often a component that starts is asked whether it is ready:
// before it listens there is nothing to be told by.
const healthPoll = 50 * time.Millisecond

// health is the path that tells of a component, by name.
func (p Plan) health(component string) (string, bool) {
	switch component {
	case Etcd:
		return url(p.Ports.EtcdClient) + "/health", true
	case APIServer:
		return p.Server() + "/readyz", true
	case ControllerManager:
		return url(p.Ports.ControllerManager) + "/healthz", true
	case Scheduler:
		return url(p.Ports.Scheduler) + "/readyz", true
	}
	return "", false
}

// AwaitReady waits until a component says that it is ready. KWOK has no such
// word: that its nodes become Ready shows it.
func (p Plan) AwaitReady(ctx context.Context, component string) error {
	target, has := p.health(component)
	if !has {
		return nil
	}
	client, err := p.healthClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(healthPoll)
	defer tick.Stop()
	for {
		last := ask(ctx, client, target)
		if last == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to be ready (last answer: %s): %w", component, oneLine(last.Error()), context.Cause(ctx))
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// healthClient shows the administrator's certificate; who serves is known by
// the cluster's own authority.
func (p Plan) healthClient() (*http.Client, error) {
	own, err := tls.LoadX509KeyPair(p.pki("admin.crt"), p.pki("admin.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's certificate: %w", err)
	}
	raw, err := os.ReadFile(p.pki("ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}, nil
}

// Metrics gives what a component tells of itself in Prometheus' text format.
func (p Plan) Metrics(ctx context.Context, component string) ([]byte, error) {
	health, has := p.health(component)
	if !has {
		return nil, fmt.Errorf("%s serves no metrics", component)
	}
	client, err := p.healthClient()
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	return read(ctx, client, health[:strings.LastIndex(health, "/")]+"/metrics", 64<<20)
}

// ask gets an answer from the target, whatever it says.
func ask(ctx context.Context, client *http.Client, target string) error {
	_, err := read(ctx, client, target, 4<<10)
	return err
}

// read gets what the target says, up to a limit in bytes.
func read(ctx context.Context, client *http.Client, target string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", target, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", target, err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", target, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s says %s: %.4096s", target, response.Status, said)
	}
	return said, nil
}
