package watch

import (
	"os"

	"golang.org/x/sys/unix"
)

// The kernel wakes who polls these when a mount comes or goes (proc(5)) and when
// the host gets another name (Linux 3.3). inotify sees neither.
const (
	mountsPath = "/proc/self/mountinfo"
	namePath   = "/proc/sys/kernel/hostname"
)

// kernel tells of changes that make no event in any directory.
type kernel struct {
	mounts, name chan struct{}
	end          *os.File // closed: the end
	ended        chan struct{}
}

// newKernel begins to listen. Of a kernel that cannot tell it hears nothing.
func newKernel() *kernel {
	k := &kernel{mounts: make(chan struct{}, 1), name: make(chan struct{}, 1), ended: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		close(k.ended)
		return k
	}
	k.end = w
	fds := []unix.PollFd{{Fd: int32(r.Fd()), Events: unix.POLLIN}, {Fd: -1}, {Fd: -1}}
	for i, path := range []string{mountsPath, namePath} {
		// Not by os.Open: Go's own poller would take the news.
		if fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
			fds[i+1] = unix.PollFd{Fd: int32(fd), Events: unix.POLLPRI}
		}
	}
	unix.Poll(fds, 0) // what was before now is no news
	go func() {
		defer close(k.ended)
		defer r.Close()
		defer unix.Close(int(fds[1].Fd))
		defer unix.Close(int(fds[2].Fd))
		k.listen(fds)
	}()
	return k
}

func (k *kernel) listen(fds []unix.PollFd) {
	for {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return
		}
		if fds[0].Revents != 0 {
			return
		}
		for i, to := range []chan struct{}{k.mounts, k.name} {
			if fds[i+1].Revents == 0 {
				continue
			}
			select {
			case to <- struct{}{}:
			default:
			}
		}
	}
}

func (k *kernel) close() {
	if k.end != nil {
		k.end.Close()
	}
	<-k.ended
}

// isMount reports whether something is mounted at a path (Linux 5.8; before, no).
func isMount(path string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	return err == nil && st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}
