"""What each firmware's answers mean; one file a dialect, all of them pure."""
