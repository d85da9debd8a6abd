package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/onsi/ginkgo/v2/types"
)

// message is what a worker tells the command, one JSON value each.
type message struct {
	// Start is the ID of a spec that begins.
	Start string `json:"start,omitempty"`
	// End is the ID of a spec that ended, with its Report.
	End    string            `json:"end,omitempty"`
	Report *types.SpecReport `json:"report,omitempty"`
	// Trouble is what went wrong with the worker itself.
	Trouble string `json:"trouble,omitempty"`
}

// sender is a worker's side of the socket.
type sender struct {
	mu   sync.Mutex
	conn net.Conn
	enc  *json.Encoder
}

func dial(ctx context.Context, path string) (*sender, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("reach the command on %s: %w", path, err)
	}
	return &sender{conn: conn, enc: json.NewEncoder(conn)}, nil
}

func (s *sender) send(m message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enc.Encode(m); err != nil {
		return fmt.Errorf("tell the command: %w", err)
	}
	return nil
}

// receive takes connections until the listener is closed and hands every
// message to take, one at a time. It returns once every worker has hung up.
func receive(l net.Listener, take func(message)) error {
	var workers sync.WaitGroup
	var mu sync.Mutex
	defer workers.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a worker's connection: %w", err)
		}
		workers.Go(func() {
			defer conn.Close()
			dec := json.NewDecoder(conn)
			for {
				var m message
				err := dec.Decode(&m)
				if errors.Is(err, io.EOF) {
					return
				}
				if err != nil {
					m = message{Trouble: fmt.Sprintf("a worker's connection broke: %v", err)}
				}
				mu.Lock()
				take(m)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
}
