package subject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/internal/exit"
)

// deployment is a Deployment under test.
type deployment struct {
	deploymentControl
	choice   Choice
	options  Options
	cs       kubernetes.Interface
	applier  *applier
	selector string
	identity string
	silent   bool
}

// startDeployment applies the manifest, waits for the pods, and then for the
// first write or the limit.
func startDeployment(ctx context.Context, c Choice, o Options, admin *rest.Config, cs kubernetes.Interface, first *probe) (Subject, error) {
	b, err := bundleOf(c.Path, o.Objects)
	if err != nil {
		return nil, err
	}
	s := &deployment{choice: c, options: o, cs: cs}
	replicas := int32(1)
	if b.deployment.Spec.Replicas != nil {
		replicas = *b.deployment.Spec.Replicas
	}
	s.deploymentControl = deploymentControl{
		handle: Handle{
			Kind: Manifest, Namespace: b.deployment.Namespace, Name: b.deployment.Name, Replicas: replicas,
			User: serviceAccountUser(b.deployment.Namespace, b.deployment.Spec.Template.Spec.ServiceAccountName),
		},
		config: o.Config,
	}
	if s.applier, err = newApplier(admin); err != nil {
		return nil, environment(err)
	}
	selector, err := metav1.LabelSelectorAsSelector(b.deployment.Spec.Selector)
	if err != nil {
		return nil, exit.Usagef("%s: the selector of Deployment %s: %w", c.Path, b.deployment.Name, err)
	}
	s.selector = selector.String()
	err = o.Log.Do(ctx, "the controller under test, Deployment "+s.handle.Namespace+"/"+s.handle.Name+", is available", o.Available, func(ctx context.Context) error {
		if refused := s.applier.apply(ctx, b.all()); refused != nil {
			return refused
		}
		return s.awaitPods(ctx)
	})
	if err == nil {
		err = s.firstWrite(ctx, first)
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Cleanup)
		defer cancel()
		return nil, environment(errors.Join(err, s.Close(clean)))
	}
	return s, nil
}

// serviceAccountUser is the name by which the API server knows a service account.
func serviceAccountUser(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// awaitPods waits for the pods; if they do not come up, their own word is the error.
func (s *deployment) awaitPods(ctx context.Context) error {
	waitErr := awaitAvailable(ctx, s.cs, s.handle.Namespace, s.handle.Name)
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Cleanup)
	defer cancel()
	pods, err := s.pods(asking)
	if err != nil {
		return errors.Join(waitErr, err)
	}
	if waitErr != nil {
		return fmt.Errorf("%w; %s", waitErr, podsText(pods))
	}
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			if s.identity == "" {
				s.identity = c.ImageID
			}
		}
	}
	return nil
}

// firstWrite waits for the first write, and notes that there was none; of pods
// that end again and again it is an error.
func (s *deployment) firstWrite(ctx context.Context, p *probe) error {
	waiting, cancel := context.WithTimeout(ctx, s.options.First)
	defer cancel()
	if p.await(waiting) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for the controller under test to write: %w", context.Cause(ctx))
	}
	if err := s.stays(ctx); err != nil {
		return err
	}
	s.silent = true
	s.options.Log.Notef("the controller under test has written nothing within %s of its start; it is judged all the same", s.options.First)
	return nil
}

// stays gives an error if a container has ended since the Deployment was applied,
// with what it said last: for a moment the pods of such a one are available too.
func (s *deployment) stays(ctx context.Context) error {
	pods, err := s.pods(ctx)
	if err != nil {
		return err
	}
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			if c.RestartCount == 0 && c.State.Terminated == nil {
				continue
			}
			said, err := s.cs.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: c.Name, Previous: c.RestartCount > 0}).DoRaw(ctx)
			if err != nil {
				said = []byte("its log cannot be read: " + err.Error())
			}
			return fmt.Errorf("the controller under test does not stay up: %s: %s", podsText(pods), lastWords(lastLines(string(said))))
		}
	}
	return nil
}

func (s *deployment) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := s.cs.CoreV1().Pods(s.handle.Namespace).List(ctx, metav1.ListOptions{LabelSelector: s.selector})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of Deployment %s: %w", s.handle.Name, err)
	}
	return list.Items, nil
}

// podsText says how pods that do not come up fare.
func podsText(pods []corev1.Pod) string {
	if len(pods) == 0 {
		return "no pod was made (see the events of its ReplicaSet)"
	}
	var words []string
	for _, p := range pods {
		word := p.Name + " is " + string(p.Status.Phase)
		for _, c := range p.Status.ContainerStatuses {
			if w := c.State.Waiting; w != nil {
				word += ", container " + c.Name + " waits: " + strings.TrimSpace(w.Reason+" "+w.Message)
			}
			if t := c.LastTerminationState.Terminated; t != nil {
				word += fmt.Sprintf(", container %s exited with code %d %s", c.Name, t.ExitCode, t.Reason)
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// Handle implements Subject.
func (s *deployment) Handle() Handle { return s.handle }

// Status implements Subject. It writes the log of the newest pod to the output folder.
func (s *deployment) Status(ctx context.Context) (Status, error) {
	out := Status{
		Kind: Manifest, Name: s.handle.Name, Version: s.choice.Version, Identity: s.identity, Silent: s.silent,
		Log: filepath.Join(s.options.Out, LogName),
	}
	pods, err := s.pods(ctx)
	if err != nil {
		return out, exit.Environmentf("the controller under test: %w", err)
	}
	var errs []error
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			out.Restarts += int(c.RestartCount)
			if t := c.LastTerminationState.Terminated; t != nil {
				out.LastExit = fmt.Sprintf("exited with code %d (%s)", t.ExitCode, t.Reason)
			}
		}
		tail, err := s.saveLog(ctx, p.Name, out.Log)
		errs = append(errs, err)
		out.Tail = tail
	}
	if err := errors.Join(errs...); err != nil {
		return out, exit.Environmentf("the controller under test: %w", err)
	}
	return out, nil
}

// saveLog appends a pod's log to the file and gives its last lines.
func (s *deployment) saveLog(ctx context.Context, pod, path string) (tail []string, err error) {
	stream, err := s.cs.CoreV1().Pods(s.handle.Namespace).GetLogs(pod, &corev1.PodLogOptions{}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the log of pod %s: %w", pod, err)
	}
	defer stream.Close()
	raw, err := io.ReadAll(stream)
	if err != nil {
		return nil, fmt.Errorf("reading the log of pod %s: %w", pod, err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("saving the log of pod %s: %w", pod, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := fmt.Fprintf(f, "==> pod %s <==\n%s\n", pod, raw); err != nil {
		return nil, fmt.Errorf("saving the log of pod %s: %w", pod, err)
	}
	return lastLines(string(raw)), nil
}

// mostLines is how many lines of a log a Status holds.
const mostLines = 20

func lastLines(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return lines[max(0, len(lines)-mostLines):]
}

// Close implements Subject.
func (s *deployment) Close(ctx context.Context) error {
	if err := s.applier.remove(ctx); err != nil {
		return exit.Environmentf("removing the controller under test: %w", err)
	}
	return nil
}
