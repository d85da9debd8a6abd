package nodepool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/clusters/await"
)

const (
	// Namespace holds the table of leases.
	Namespace = "dsconform-system"
	// LabelPrefix starts the label that marks a lease's nodes; the token follows.
	LabelPrefix = "lease.dsconform.dev/"

	configMap = "nodepool"
)

// Pool shares the cluster's worker nodes among specs.
type Pool struct {
	client kubernetes.Interface
}

// New gives the pool of the cluster behind the client.
func New(client kubernetes.Interface) *Pool { return &Pool{client: client} }

// Reset makes an empty table for a run and takes the marks of earlier,
// perhaps killed, runs off the nodes. It is called once, before the workers start.
func (p *Pool) Reset(ctx context.Context, run string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	if _, err := p.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s for the node leases: %w", Namespace, err)
	}
	nodes, err := p.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes.Items {
		var stale []string
		for k := range n.Labels {
			if len(k) > len(LabelPrefix) && k[:len(LabelPrefix)] == LabelPrefix {
				stale = append(stale, k)
			}
		}
		if err = p.mark(ctx, n.Name, stale, false); err != nil {
			return err
		}
	}
	table := &Table{Run: run}
	if table.Pool, err = p.candidates(ctx); err != nil {
		return err
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: configMap, Namespace: Namespace}}
	raw, err := encode(table)
	if err == nil {
		err = store(cm, raw)
	}
	if err != nil {
		return fmt.Errorf("make the table of leases: %w", err)
	}
	err = p.client.CoreV1().ConfigMaps(Namespace).Delete(ctx, configMap, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the last run's table of leases: %w", err)
	}
	if _, err = p.client.CoreV1().ConfigMaps(Namespace).Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the table of leases: %w", err)
	}
	return nil
}

// Lease is a granted need. Release gives it back.
type Lease struct {
	// Nodes are the names of the leased nodes, sorted.
	Nodes []string
	// Label is the key of the label that marks them; its value is "true".
	Label string

	pool  *Pool
	token string
}

// ErrTooFew is wrapped by Acquire's error if the pool never had as many nodes
// as are asked for, so that waiting is of no use.
var ErrTooFew = errors.New("too few nodes")

// Acquire waits until the need can be met and marks the nodes. The token must
// be unique, a DNS label, and is the label's name.
func (p *Pool) Acquire(ctx context.Context, spec, token string, need Need) (*Lease, error) {
	ticket := Ticket{Token: token, Spec: spec, Need: need}
	granted, why, err := p.try(ctx, ticket)
	if err != nil {
		return nil, err
	}
	for granted == nil {
		if granted, why, err = p.tryOnChange(ctx, ticket, why); err != nil {
			// The ticket must not block others any longer than its owner waits.
			err = errors.Join(err, p.drop(context.WithoutCancel(ctx), token))
			return nil, fmt.Errorf("lease nodes for %s: %w", spec, err)
		}
	}
	lease := &Lease{Nodes: granted.Nodes, Label: LabelPrefix + token, pool: p, token: token}
	for _, n := range lease.Nodes {
		if err := p.mark(ctx, n, []string{lease.Label}, true); err != nil {
			return nil, errors.Join(err, lease.Release(context.WithoutCancel(ctx)))
		}
	}
	return lease, nil
}

// Release takes the marks off the nodes and gives the lease back. A node that
// is gone is no error.
func (l *Lease) Release(ctx context.Context) error {
	var errs []error
	for _, n := range l.Nodes {
		errs = append(errs, l.pool.mark(ctx, n, []string{l.Label}, false))
	}
	errs = append(errs, l.pool.drop(ctx, l.token))
	return errors.Join(errs...)
}

// tryOnChange tries again once the table or a node has changed.
func (p *Pool) tryOnChange(ctx context.Context, ticket Ticket, why string) (*Ticket, string, error) {
	timeout := int64((5 * time.Minute).Seconds())
	w, err := p.client.CoreV1().ConfigMaps(Namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector:  fields.OneTermEqualSelector("metadata.name", configMap).String(),
		TimeoutSeconds: &timeout,
	})
	if err != nil {
		return nil, why, waitError(ctx, why, err)
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, why, waitError(ctx, why, context.Cause(ctx))
		case _, open := <-w.ResultChan():
			// A watch without a resourceVersion starts with the table as it is,
			// so a change between the last try and the watch is never missed.
			granted, reason, err := p.try(ctx, ticket)
			if err != nil || granted != nil || !open {
				return granted, reason, err
			}
			why = reason
		}
	}
}

func waitError(ctx context.Context, why string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("gave up waiting (%s): %w", why, err)
}

// try queues the ticket and grants it if it can be.
func (p *Pool) try(ctx context.Context, ticket Ticket) (granted *Ticket, why string, err error) {
	candidates, err := p.candidates(ctx)
	if err != nil {
		return nil, "", err
	}
	var short error
	err = p.update(ctx, func(t *Table) {
		granted, why, short = nil, "", t.short(ticket.Need)
		if short != nil {
			return
		}
		if at := slices.IndexFunc(t.Held, func(h Ticket) bool { return h.Token == ticket.Token }); at >= 0 {
			granted = &t.Held[at]
			return
		}
		t.Enqueue(ticket)
		got, ok, reason := t.Grant(ticket.Token, t.ours(candidates))
		if ok {
			granted = &got
		}
		why = reason
	})
	return granted, why, errors.Join(err, short)
}

func (p *Pool) drop(ctx context.Context, token string) error {
	return p.update(ctx, func(t *Table) { t.Drop(token) })
}

// contended is how a change is tried again that others were quicker with: soon,
// at different moments, and for as long as a crowd of them takes.
func contended() wait.Backoff {
	return wait.Backoff{Steps: 100, Duration: 50 * time.Millisecond, Factor: 1, Jitter: 1}
}

// update changes the table under its resourceVersion, trying again on conflict.
func (p *Pool) update(ctx context.Context, change func(*Table)) error {
	err := retry.RetryOnConflict(contended(), func() error {
		cm, err := p.client.CoreV1().ConfigMaps(Namespace).Get(ctx, configMap, metav1.GetOptions{})
		if err != nil {
			return err
		}
		t, before, err := load(cm)
		if err != nil {
			return err
		}
		change(t)
		after, err := encode(t)
		if err != nil || bytes.Equal(before, after) {
			return err
		}
		if err = store(cm, after); err != nil {
			return err
		}
		_, err = p.client.CoreV1().ConfigMaps(Namespace).Update(ctx, cm, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("update the table of leases %s/%s: %w", Namespace, configMap, err)
	}
	return nil
}

// candidates are the workers that a spec may be given: Ready, schedulable, without taints.
func (p *Pool) candidates(ctx context.Context) ([]Candidate, error) {
	list, err := p.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes to lease: %w", err)
	}
	var out []Candidate
	for _, n := range list.Items {
		_, control := n.Labels["node-role.kubernetes.io/control-plane"]
		ready, _ := await.NodeReady(&n)
		if !control && !n.Spec.Unschedulable && len(n.Spec.Taints) == 0 && n.DeletionTimestamp == nil && ready {
			out = append(out, Candidate{Name: n.Name, Labels: n.Labels})
		}
	}
	return out, nil
}

func (p *Pool) mark(ctx context.Context, node string, keys []string, on bool) error {
	if len(keys) == 0 {
		return nil
	}
	labels := map[string]any{}
	for _, k := range keys {
		if labels[k] = nil; on {
			labels[k] = "true"
		}
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return fmt.Errorf("encode the mark of node %s: %w", node, err)
	}
	_, err = p.client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil && (on || !apierrors.IsNotFound(err)) {
		return fmt.Errorf("mark node %s as leased: %w", node, err)
	}
	return nil
}
