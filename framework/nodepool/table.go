package nodepool

import (
	"cmp"
	"fmt"
	"slices"
)

// Need is what a lease asks for; see framework.NodeNeed for the meaning of each field.
type Need struct {
	Workers   int               `json:"workers,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Exclusive bool              `json:"exclusive,omitempty"`
	All       bool              `json:"all,omitempty"`
	Topology  bool              `json:"topology,omitempty"`
}

// Ticket is a lease waited for or held.
type Ticket struct {
	// Token is unique to the ticket.
	Token string `json:"token"`
	// Spec is the ID of the spec that asks.
	Spec string `json:"spec"`
	// Need is what it asks for.
	Need Need `json:"need"`
	// Nodes are the nodes held; empty while waiting.
	Nodes []string `json:"nodes,omitempty"`
}

// Table is the state of all leases: those held, and those waited for in the
// order of their arrival. Its methods are pure; Pool stores it in the cluster
// so that the worker processes of a run share it.
type Table struct {
	Run     string   `json:"run"`
	Held    []Ticket `json:"held"`
	Waiting []Ticket `json:"waiting"`
	// Pool are the nodes that could be leased when the run began.
	Pool []Candidate `json:"pool"`
}

// short gives an error if the need asks for more nodes than the pool ever had.
func (t *Table) short(need Need) error {
	fitting := 0
	for _, n := range t.Pool {
		if carries(n.Labels, need.Labels) {
			fitting++
		}
	}
	if fitting >= need.Workers {
		return nil
	}
	return fmt.Errorf("%w: %d Ready workers without taints are asked for, and the cluster has %d", ErrTooFew, need.Workers, fitting)
}

// ours leaves out the nodes that joined since the run began: a spec made them,
// and takes them out again.
func (t *Table) ours(nodes []Candidate) []Candidate {
	known := make(map[string]bool, len(t.Pool))
	for _, n := range t.Pool {
		known[n.Name] = true
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n Candidate) bool { return !known[n.Name] })
}

// Candidate is a node that may be leased.
type Candidate struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// Enqueue puts the ticket at the end of the queue, once.
func (t *Table) Enqueue(ticket Ticket) {
	same := func(o Ticket) bool { return o.Token == ticket.Token }
	if !slices.ContainsFunc(t.Waiting, same) && !slices.ContainsFunc(t.Held, same) {
		t.Waiting = append(t.Waiting, ticket)
	}
}

// Drop removes the ticket, held or waiting.
func (t *Table) Drop(token string) {
	same := func(o Ticket) bool { return o.Token == token }
	t.Held = slices.DeleteFunc(t.Held, same)
	t.Waiting = slices.DeleteFunc(t.Waiting, same)
}

// Grant moves the waiting ticket to the held ones if nothing held or asked for
// earlier stands against it. It gives the ticket and true, or the reason why not.
func (t *Table) Grant(token string, nodes []Candidate) (Ticket, bool, string) {
	at := slices.IndexFunc(t.Waiting, func(o Ticket) bool { return o.Token == token })
	if at < 0 {
		return Ticket{}, false, "the ticket is not in the queue"
	}
	ticket := t.Waiting[at]
	for _, earlier := range t.Waiting[:at] {
		if conflict(ticket.Need, earlier.Need) {
			return Ticket{}, false, fmt.Sprintf("%s waits before it", earlier.Spec)
		}
	}
	for _, held := range t.Held {
		if ticket.Need.All && (held.Need.Exclusive || held.Need.Topology) ||
			held.Need.All && (ticket.Need.Exclusive || ticket.Need.Topology) {
			return Ticket{}, false, fmt.Sprintf("%s holds nodes it cannot share", held.Spec)
		}
	}
	picked, why := t.pick(ticket.Need, nodes)
	if why != "" {
		return Ticket{}, false, why
	}
	ticket.Nodes = picked
	t.Waiting = slices.Delete(t.Waiting, at, at+1)
	t.Held = append(t.Held, ticket)
	return ticket, true, ""
}

// conflict tells whether granting a would make b, which came earlier, wait longer.
func conflict(a, b Need) bool {
	switch {
	case b.Exclusive:
		return a.Workers > 0 || a.All
	case b.All:
		return a.Exclusive || a.Topology
	case b.Topology:
		return a.All
	case b.Workers > 0:
		return a.Exclusive
	}
	return false
}

// crowd is how many specs share one node before another node is taken for the
// next one.
const crowd = 3

// pick chooses nodes that fit: for specs that share, those that others share
// already, up to a crowd on each, so that whole nodes stay free for specs that
// need them alone; beyond that the least used ones.
func (t *Table) pick(need Need, nodes []Candidate) ([]string, string) {
	if need.Workers == 0 {
		return nil, ""
	}
	users, locked := map[string]int{}, map[string]bool{}
	for _, h := range t.Held {
		for _, n := range h.Nodes {
			users[n]++
			locked[n] = locked[n] || h.Need.Exclusive
		}
	}
	var free []string
	fitting := 0
	for _, n := range nodes {
		if !carries(n.Labels, need.Labels) {
			continue
		}
		fitting++
		if locked[n.Name] || need.Exclusive && users[n.Name] > 0 {
			continue
		}
		free = append(free, n.Name)
	}
	if len(free) < need.Workers {
		return nil, fmt.Sprintf("%d of %d fitting nodes are free, %d are asked for", len(free), fitting, need.Workers)
	}
	slices.SortFunc(free, func(a, b string) int {
		full := func(n string) int { return max(users[n]-crowd+1, 0) }
		return cmp.Or(cmp.Compare(full(a), full(b)), cmp.Compare(users[b], users[a]), cmp.Compare(a, b))
	})
	free = free[:need.Workers]
	slices.Sort(free)
	return free, ""
}

func carries(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}
