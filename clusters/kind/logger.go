package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	kindlog "sigs.k8s.io/kind/pkg/log"

	"github.com/dsconform/dsconform/clusters/steps"
)

// stageLogger turns the lines in which kind tells of its stages into steps, and
// writes all kind says, kubeadm's output included, to a file.
type stageLogger struct {
	ctx context.Context // kind's logger interface passes none
	log *steps.Log

	mu    sync.Mutex
	file  io.Writer
	over  bool
	stage *stage
}

// stage is one of kind's stages under way.
type stage struct {
	result chan error
	shown  chan struct{} // closed once its step has ended
}

// detail is the verbosity up to which kind's messages are recorded: 3 holds kubeadm's output.
const detail = kindlog.Level(3)

var _ kindlog.Logger = (*stageLogger)(nil)

func newStageLogger(ctx context.Context, log *steps.Log, file io.Writer) *stageLogger {
	return &stageLogger{ctx: ctx, log: log, file: file}
}

// Warn implements kindlog.Logger.
func (l *stageLogger) Warn(message string) { l.record("warning: " + message) }

// Warnf implements kindlog.Logger.
func (l *stageLogger) Warnf(format string, a ...any) { l.Warn(fmt.Sprintf(format, a...)) }

// Error implements kindlog.Logger.
func (l *stageLogger) Error(message string) { l.record("error: " + message) }

// Errorf implements kindlog.Logger.
func (l *stageLogger) Errorf(format string, a ...any) { l.Error(fmt.Sprintf(format, a...)) }

// V implements kindlog.Logger.
func (l *stageLogger) V(level kindlog.Level) kindlog.InfoLogger {
	return infoLogger{l: l, level: level}
}

// record writes a line to the file, with the time.
func (l *stageLogger) record(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return // a stray goroutine of kind's, after its end
	}
	_, _ = fmt.Fprintf(l.file, "%s %s\n", time.Now().Format("15:04:05.000"), strings.TrimSpace(message))
}

type infoLogger struct {
	l     *stageLogger
	level kindlog.Level
}

// Enabled implements kindlog.InfoLogger.
func (i infoLogger) Enabled() bool { return i.level <= detail }

// Infof implements kindlog.InfoLogger.
func (i infoLogger) Infof(format string, a ...any) { i.Info(fmt.Sprintf(format, a...)) }

// Info implements kindlog.InfoLogger.
func (i infoLogger) Info(message string) {
	if !i.Enabled() {
		return
	}
	i.l.record(message)
	if i.level > 0 {
		return
	}
	switch mark, name := splitStage(message); mark {
	case "•":
		i.l.begin(name)
	case "✓":
		i.l.finish(nil)
	case "✗":
		i.l.finish(errStage)
	}
}

var errStage = errors.New("failed")

// splitStage parts a message such as " • Joining worker nodes 🚜  ..." into its
// mark and the stage's name without pictures.
func splitStage(message string) (mark, name string) {
	mark, rest, _ := strings.Cut(strings.TrimSpace(message), " ")
	switch mark {
	case "•", "✓", "✗":
	default:
		return "", ""
	}
	plain := strings.Map(func(r rune) rune {
		if r > 126 {
			return -1
		}
		return r
	}, strings.TrimSuffix(strings.TrimSpace(rest), "..."))
	return mark, strings.Join(strings.Fields(plain), " ")
}

// begin opens a step that lasts until finish, the next begin or the end.
func (l *stageLogger) begin(name string) {
	l.finish(nil)
	s := &stage{result: make(chan error, 1), shown: make(chan struct{})}
	begun := make(chan struct{})
	l.mu.Lock()
	l.stage = s
	l.mu.Unlock()
	go func() {
		defer close(s.shown)
		// The error reaches the caller of kind's Create; here it only marks the step.
		_ = l.log.Do(l.ctx, name, 0, func(ctx context.Context) error {
			close(begun)
			select {
			case err := <-s.result:
				return err
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	select {
	case <-begun:
	case <-s.shown: // the context was over before the step began
	}
}

func (l *stageLogger) finish(err error) {
	l.mu.Lock()
	s := l.stage
	l.stage = nil
	l.mu.Unlock()
	if s == nil {
		return
	}
	s.result <- err
	<-s.shown
}

// end closes what is open, records the outcome and stops recording: kind lets
// goroutines of a failed run go on, and the file is about to be closed.
func (l *stageLogger) end(err error) {
	l.finish(err)
	if err != nil {
		l.record(fmt.Sprintf("%v\n%s", err, outputOf(err)))
	}
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
}
