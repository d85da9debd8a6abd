package faults

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/internal/unixhttp"
)

// socketFile is the name of the control socket in the proxy's folder.
const socketFile = "faults.sock"

// headerLimit bounds how long a client may take to say what it wants.
const headerLimit = time.Minute

// Options say where a proxy stands.
type Options struct {
	// Folder is where its control socket is made.
	Folder string
	// Upstream is a configuration for the API server. Its credentials are not
	// used: whoever comes through the proxy brings his own.
	Upstream *rest.Config
	// Seed is what rules with a Percent draw from.
	Seed int64
}

// Proxy stands between a controller and the API server.
type Proxy struct {
	// URL is where it listens.
	URL string
	// CA is the certificate, in PEM, that its own can be verified by.
	CA []byte

	table   *table
	reverse *httputil.ReverseProxy
	servers []*http.Server
	served  []chan struct{}
}

// Start makes a proxy that listens on this machine alone.
func Start(ctx context.Context, o Options) (*Proxy, error) {
	upstream, err := upstreamOf(o.Upstream)
	if err != nil {
		return nil, err
	}
	ca, own, err := certificate(time.Now())
	if err != nil {
		return nil, err
	}
	p := &Proxy{CA: ca, table: &table{seed: o.Seed}}
	silent := log.New(io.Discard, "", 0)
	p.reverse = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(upstream.address) },
		Transport: upstream.transport,
		// A change must not wait for the next one.
		FlushInterval:  -1,
		ErrorLog:       silent,
		ModifyResponse: p.answered,
		// Where the API server gave no answer, the client gets none either.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	var config net.ListenConfig
	public, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the controller under test: %w", err)
	}
	p.URL = "https://" + public.Addr().String()
	control, err := unixhttp.Listen(ctx, filepath.Join(o.Folder, socketFile))
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	p.serve(tls.NewListener(public, &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}), p, silent)
	p.serve(control, p.control(), silent)
	return p, nil
}

// serve answers on the listener until Close. HTTP/2 is not spoken: where many
// requests share a connection, none can lose its own.
func (p *Proxy) serve(l net.Listener, h http.Handler, silent *log.Logger) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerLimit, ErrorLog: silent}
	done := make(chan struct{})
	p.servers, p.served = append(p.servers, server), append(p.served, done)
	go func() {
		defer close(done)
		_ = server.Serve(l) // it ends by Close
	}()
}

// Close ends all connections.
func (p *Proxy) Close() error {
	var errs []error
	for i, server := range p.servers {
		errs = append(errs, server.Close())
		<-p.served[i]
	}
	return errors.Join(errs...)
}

// upstream is the way to the API server.
type upstream struct {
	address   *url.URL
	transport *http.Transport
}

func upstreamOf(config *rest.Config) (*upstream, error) {
	bare := rest.AnonymousClientConfig(config)
	address, _, err := rest.DefaultServerUrlFor(bare)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address %q: %w", config.Host, err)
	}
	secure, err := rest.TLSConfigFor(bare)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the cluster's authority: %w", err)
	}
	via := bare.Proxy
	if via == nil {
		via = http.ProxyFromEnvironment
	}
	return &upstream{address, &http.Transport{
		Proxy: via, TLSClientConfig: secure,
		// What the client asked for is what it gets.
		DisableCompression: true,
		// A controller's requests come in bursts.
		MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: headerLimit,
	}}, nil
}

// met is what a request carries with it to its answer.
type met struct {
	request Request
	// by is the rule that takes the answer away, nil for none.
	by *active
}

// metKey is the key of a met in a request's context.
type metKey struct{}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	r := parse(h)
	a := p.table.request(r)
	if a == nil {
		p.pass(w, h, met{request: r})
		return
	}
	switch a.Effect {
	case Refuse:
		p.table.did(a, r, "refused with "+strconv.Itoa(a.Code))
		refuse(w, h, a.Rule)
	case Lose:
		// Only with the body read does the server see the client go.
		_, _ = io.Copy(io.Discard, h.Body)
		p.table.did(a, r, "lost on the way"+held(a))
		p.hold(h.Context(), a)
		panic(http.ErrAbortHandler)
	case LoseAnswer:
		p.pass(w, h, met{r, a})
	case Slow:
		p.table.did(a, r, "slowed by "+a.For.String())
		timer := time.NewTimer(a.For)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-a.lifted:
		case <-h.Context().Done():
			panic(http.ErrAbortHandler)
		}
		p.pass(w, h, met{request: r})
	default:
		p.pass(w, h, met{request: r})
	}
}

func (p *Proxy) pass(w http.ResponseWriter, h *http.Request, m met) {
	p.reverse.ServeHTTP(w, h.WithContext(context.WithValue(h.Context(), metKey{}, m)))
}

// answered takes the API server's answer over: a watch's stream is put below
// the rules, and an answer that is to be lost ends here.
func (p *Proxy) answered(answer *http.Response) error {
	ctx := answer.Request.Context()
	m, _ := ctx.Value(metKey{}).(met)
	if m.by != nil {
		if m.request.Verb != "watch" { // which has no end
			_, _ = io.Copy(io.Discard, answer.Body)
		}
		p.table.did(m.by, m.request, fmt.Sprintf("carried out (%d), the answer lost%s", answer.StatusCode, held(m.by)))
		p.hold(ctx, m.by)
		return errClosed
	}
	if m.request.Verb == "watch" && answer.StatusCode == http.StatusOK {
		answer.Body = newStream(ctx, p.table, m.request, answer.Header.Get("Content-Type"), answer.Body)
	}
	return nil
}

// hold waits, for a rule that holds, until it is lifted or the client is gone.
func (p *Proxy) hold(ctx context.Context, a *active) {
	if !a.Hold {
		return
	}
	select {
	case <-a.lifted:
	case <-ctx.Done():
	}
}

func held(a *active) string {
	if a.Hold {
		return ", and the client left waiting"
	}
	return ""
}

// refuse answers as the API server refuses.
func refuse(w http.ResponseWriter, h *http.Request, r Rule) {
	status := failure(r.Code, "refused by a fault that dsconform has set")
	contentType := accepted(h)
	raw, err := encode(status, contentType)
	if err != nil {
		http.Error(w, err.Error(), r.Code)
		return
	}
	w.Header().Set("Content-Type", contentType)
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.RetryAfter/time.Second)))
	}
	w.WriteHeader(r.Code)
	_, _ = w.Write(raw) // a client that is gone reads nothing
}
