"""What the exit codes of the command line mean."""

NO_FAILURE, OUR_ERROR, USAGE, VERIFIED, UNVERIFIED, INTERRUPTED = 0, 1, 2, 3, 4, 130
MEANING = "exit codes: 0 nothing failed, 3 a verified fix, 4 no verified fix, 2 usage error, 1 internal error"
OF_THE_DEMO = "exit codes: 0 its fix is verified, 4 it is not, 2 usage error, 1 internal error"
