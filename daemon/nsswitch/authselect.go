package nsswitch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	userFile = authselect + "/user-nsswitch.conf" // RHEL 8 and 9
	ours     = authselect + "/custom/mcdns"       // the profile that Enable makes
)

// selection is what authselect made the files from.
type selection struct {
	profile  string
	features []string
}

func (c selection) command() []string {
	return append([]string{"select", c.profile}, c.features...)
}

// authselect makes nsswitch.conf from the template of a profile, and has no
// feature for a service that it does not know. In this order: what the
// administrator's own lines allow (authselect of RHEL 8 and 9), the template of
// the administrator's own profile, a profile of ours based on the vendor's.
func (s System) authselect(on bool) error {
	now, err := s.current()
	if err != nil {
		return s.refuse(on, selection{profile: "PROFILE", features: []string{"FEATURES"}}, err)
	}
	if s.exists(userFile) {
		if s.apply(userFile, on) == nil {
			return nil
		}
	}
	name, custom := strings.CutPrefix(now.profile, "custom/")
	switch {
	case !on && now.profile == "custom/mcdns" && s.base() != "":
		err = s.leaveOurs(now)
	case custom:
		err = s.apply(filepath.Join(authselect, "custom", name, "nsswitch.conf"), on)
	case on:
		err = s.enterOurs(now)
	default:
		err = fmt.Errorf("profile %s names mcdns and is not ours", now.profile)
	}
	if err != nil {
		return s.refuse(on, now, err)
	}
	return nil
}

func (s System) current() (selection, error) {
	out, err := s.Run("authselect", "current", "--raw")
	if err != nil {
		return selection{}, err
	}
	words := strings.Fields(out)
	if len(words) == 0 {
		return selection{}, fmt.Errorf("authselect has no profile")
	}
	return selection{words[0], words[1:]}, nil
}

// apply edits a file that authselect reads and has it make nsswitch.conf anew. If
// that does not bring what was wanted, all is as it was.
func (s System) apply(name string, on bool) error {
	if s.isLink(name) {
		return fmt.Errorf("%s is a link", name)
	}
	before, err := s.read(name)
	if err != nil {
		return err
	}
	if err := s.edit(name, on); err != nil {
		return err
	}
	if err = s.check(on, "apply-changes"); err == nil {
		return nil
	}
	if undo := s.replace(name, before); undo != nil {
		return undo
	}
	s.Run("authselect", "apply-changes")
	return err
}

// check runs authselect and sees whether nsswitch.conf came out as wanted.
func (s System) check(on bool, args ...string) error {
	if _, err := s.Run("authselect", args...); err != nil {
		return err
	}
	if is, err := s.Status(); err != nil || is != on {
		return fmt.Errorf("authselect %s leaves %s as it was (%v)", args[0], path, err)
	}
	return nil
}

func (s System) enterOurs(now selection) error {
	if s.exists(ours) {
		return fmt.Errorf("%s is there already", ours)
	}
	_, err := s.Run("authselect", "create-profile", "mcdns", "--base-on="+now.profile, "--symlink-meta", "--symlink-pam", "--symlink-dconf")
	if err == nil {
		err = s.edit(ours+"/nsswitch.conf", true)
	}
	if err == nil {
		err = s.check(true, selection{"custom/mcdns", now.features}.command()...)
		if err != nil {
			s.Run("authselect", now.command()...)
		}
	}
	if err != nil {
		os.RemoveAll(s.at(ours))
	}
	return err
}

// base is the profile that ours was made from: its README is a link there.
func (s System) base() string {
	target, err := os.Readlink(s.at(ours + "/README"))
	if err != nil {
		return ""
	}
	dir := filepath.Dir(target)
	if filepath.Base(filepath.Dir(dir)) == "custom" {
		return "custom/" + filepath.Base(dir)
	}
	return filepath.Base(dir)
}

func (s System) leaveOurs(now selection) error {
	if err := s.check(false, selection{s.base(), now.features}.command()...); err != nil {
		s.Run("authselect", now.command()...)
		return err
	}
	return os.RemoveAll(s.at(ours))
}

// refuse prints what an administrator can do who knows what we do not.
func (s System) refuse(on bool, now selection, why error) error {
	features := strings.Join(now.features, " ")
	hint := fmt.Sprintf("authselect create-profile mcdns --base-on=%s --symlink-meta --symlink-pam; %s in %s/nsswitch.conf; authselect select custom/mcdns %s",
		now.profile, byHand(on), ours, features)
	if !on {
		hint = byHand(on) + " in the profile's nsswitch.conf; authselect apply-changes"
	}
	return &Refused{Why: "authselect owns " + path + ": " + why.Error(), Hint: strings.TrimSpace(hint)}
}
