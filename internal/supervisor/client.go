package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dsconform/dsconform/internal/unixhttp"
)

// ErrGone is wrapped by the errors of a Client whose supervisor does not run.
var ErrGone = errors.New("it does not run")

// Client talks to the supervisor of a folder.
type Client struct{ http *http.Client }

// NewClient makes a client; it connects with each request.
func NewClient(folder string) *Client {
	return &Client{http: unixhttp.NewClient(filepath.Join(folder, socketFile))}
}

// Status tells of all components, in the order of their start.
func (c *Client) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	err := c.call(ctx, http.MethodGet, "/status", &all)
	return all, err
}

// Do makes a component do something and gives its status afterwards.
func (c *Client) Do(ctx context.Context, component string, a Action) (Status, error) {
	var s Status
	err := c.call(ctx, http.MethodPost, "/components/"+component+"/"+string(a), &s)
	return s, err
}

// AwaitEnd waits for the end of the component's start of that number, as
// counted by Status.Starts; a start that is still to come is waited for too.
func (c *Client) AwaitEnd(ctx context.Context, component string, start int) (Status, error) {
	var s Status
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("/components/%s/end?start=%d", component, start), &s)
	return s, err
}

// Shutdown ends all components and the supervisor, and returns once they are
// gone. One that does not run is no error.
func (c *Client) Shutdown(ctx context.Context) error {
	response, err := c.send(ctx, http.MethodPost, "/shutdown")
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for the supervisor to end: %w", context.Cause(ctx))
	}
	if !strings.HasPrefix(string(said), "ended") {
		return fmt.Errorf("the supervisor ended before its components had: %q: %w", said, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://supervisor"+path, bytes.NewReader(nil))
	if err != nil {
		return nil, fmt.Errorf("asking the supervisor: %w", err)
	}
	response, err := c.http.Do(request)
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("asking the supervisor for %s: %w", path, context.Cause(ctx))
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: its supervisor is gone (%w)", ErrGone, err)
	}
	return nil, fmt.Errorf("asking the supervisor for %s: %w", path, err)
}

func (c *Client) call(ctx context.Context, method, path string, into any) error {
	response, err := c.send(ctx, method, path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the supervisor's answer to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the supervisor: %s", strings.TrimSpace(string(raw)))
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decoding the supervisor's answer to %s: %w", path, err)
	}
	return nil
}
