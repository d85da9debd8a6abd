package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/dsconform/dsconform/internal/unixhttp"
)

// Injector sets faults between a controller and the API server.
type Injector interface {
	// SetFault puts a rule in force.
	SetFault(ctx context.Context, r Rule) error
	// LiftFault takes the rule out of force and gives what it has done. One that
	// is not in force has done nothing.
	LiftFault(ctx context.Context, name string) ([]Deed, error)
	// AwaitFault waits until the rule has hit at least so many requests or
	// changes, and gives how many it has hit.
	AwaitFault(ctx context.Context, name string, least int) (int, error)
}

// Client is an Injector in another process than the proxy's.
type Client struct{ http *http.Client }

var _ Injector = (*Client)(nil)

// NewClient makes a client of the proxy of a folder; it connects with each request.
func NewClient(folder string) *Client {
	return &Client{http: unixhttp.NewClient(filepath.Join(folder, socketFile))}
}

// SetFault implements Injector.
func (c *Client) SetFault(ctx context.Context, r Rule) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding rule %s: %w", r.Name, err)
	}
	return c.call(ctx, http.MethodPut, "/rules", raw, &struct{}{})
}

// LiftFault implements Injector.
func (c *Client) LiftFault(ctx context.Context, name string) ([]Deed, error) {
	var deeds []Deed
	err := c.call(ctx, http.MethodDelete, "/rules/"+name, nil, &deeds)
	return deeds, err
}

// AwaitFault implements Injector.
func (c *Client) AwaitFault(ctx context.Context, name string, least int) (int, error) {
	var hits int
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("/rules/%s/hits?least=%d", name, least), nil, &hits)
	return hits, err
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://faults"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("asking the proxy of faults: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("asking the proxy of faults: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the answer of the proxy of faults: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy of faults: %s", strings.TrimSpace(string(raw)))
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decoding the answer of the proxy of faults: %w", err)
	}
	return nil
}
