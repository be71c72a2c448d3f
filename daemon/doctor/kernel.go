package doctor

import (
	"fmt"
	"strings"
)

// Checks of what the kernel does to datagrams and programs.

// leastMTU lets the longest datagram of the group pass whole (RFC 8200 section 5).
const leastMTU = 1280

func longEnough(f *Facts) found {
	if f.Status == nil {
		return unknown("mcdnsd does not say")
	}
	seen := 0
	for _, name := range f.Status.Group.Interfaces {
		mtu, known := f.number("/sys/class/net/" + name + "/mtu")
		if known {
			seen++
		}
		if known && mtu < leastMTU {
			return fails(fmt.Sprintf("%s has an MTU of %d, datagrams of the group need %d", name, mtu, leastMTU),
				"what is longer is lost or cut, and IPv6 is off there", fmt.Sprintf("ip link set %s mtu 1500; and where it is configured", name))
		}
	}
	if seen == 0 {
		return unknown("no interface of the group can be looked at")
	}
	return well(fmt.Sprintf("datagrams of %d bytes pass", leastMTU))
}

// strict is how Linux calls it: a packet is dropped that would be answered by another way.
const strict = 1

func nothingIsFiltered(f *Facts) found {
	if f.Status == nil {
		return unknown("mcdnsd does not say")
	}
	all, known := f.number("/proc/sys/net/ipv4/conf/all/rp_filter")
	drops, counted := f.filtered()
	if !known || !counted {
		return unknown("the kernel does not say what it filters")
	}
	for _, name := range f.Status.Group.Interfaces {
		own, _ := f.number("/proc/sys/net/ipv4/conf/" + name + "/rp_filter")
		if max(all, own) == strict && drops > 0 { // the kernel takes the greater one; 2 is loose
			return worrying(fmt.Sprintf("rp_filter is strict on %s, and has dropped packets since the boot: %d", name, drops),
				"peers whose address is of another subnet, or is reached by another interface, are not heard",
				fmt.Sprintf("sysctl net.ipv4.conf.%s.rp_filter=2 (loose), and the same for all", name))
		}
	}
	return well("rp_filter drops nothing of the group")
}

// filtered is how many packets rp_filter has dropped (/proc/net/netstat, TcpExt).
func (f *Facts) filtered() (n int, known bool) {
	text, err := f.read("/proc/net/netstat")
	if err != nil {
		return 0, false
	}
	var names []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] != "TcpExt:":
		case names == nil:
			names = words
		default:
			for i, name := range names {
				if name == "IPReversePathFilter" && i < len(words) {
					_, err := fmt.Sscan(words[i], &n)
					return n, err == nil
				}
			}
		}
	}
	return 0, false
}

// nobodyIsDenied looks for what SELinux or AppArmor says that it denied.
func nobodyIsDenied(f *Facts) found {
	apparmor, _ := f.read("/sys/module/apparmor/parameters/enabled")
	_, selinux := f.number("/sys/fs/selinux/enforce")
	if _, err := f.stat("/sys/module"); err != nil {
		return unknown("whether programs are confined cannot be looked at")
	}
	if !strings.HasPrefix(apparmor, "Y") && !selinux {
		return well("neither SELinux nor AppArmor confines programs here")
	}
	log, read := f.kernelSays()
	if !read {
		return unknown("what SELinux or AppArmor deny cannot be read: sudo mcdns doctor")
	}
	const why = "it goes on to dns, or fails in an outage; confined, mcdnsd itself may not share or save"
	for line := range strings.Lines(log) {
		switch {
		case !strings.Contains(line, "mcdns"):
		case strings.Contains(line, `apparmor="DENIED"`):
			return fails("AppArmor denies "+denied(line, "profile", "name"), why,
				"have /etc/apparmor.d/abstractions/nameservice.d/mcdns allow \"/run/mcdns/nss.sock rw,\" as packaged; systemctl reload apparmor")
		case strings.Contains(line, "avc:") && strings.Contains(line, "denied"):
			return fails("SELinux denies "+denied(line, "comm", "name"), why,
				"ausearch -m avc --raw | grep mcdns | audit2allow -M mcdns-local; semodule -i mcdns-local.pp")
		}
	}
	return well("SELinux or AppArmor deny nothing of mcdns")
}

// kernelSays is the kernel's log and that of audit, as far as they can be read.
func (f *Facts) kernelSays() (log string, read bool) {
	audit, err := f.end("/var/log/audit/audit.log")
	if f.Run == nil {
		return audit, err == nil
	}
	for _, command := range [][]string{{"journalctl", "-k", "-b", "-q", "--no-pager", "-n", "5000"}, {"dmesg"}} {
		if text, failed := f.Run(command[0], command[1:]...); failed == nil && text != "" {
			return audit + text, true
		}
	}
	return audit, err == nil
}

// denied are who and what of a line of the kernel's: the values of two of its members.
func denied(line, who, what string) string {
	value := func(key string) string {
		_, rest, _ := strings.Cut(line, " "+key+"=")
		rest = strings.TrimPrefix(rest, `"`)
		if end := strings.IndexAny(rest, "\" \n"); end >= 0 {
			rest = rest[:end]
		}
		return rest
	}
	return fmt.Sprintf("%s the use of %s", orUnknown(value(who)), orUnknown(value(what)))
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}
