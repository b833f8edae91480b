# What a build has to pass, the same for Vivado's flow and for the link of Vitis.

proc refuse {sentence} {
    puts "error: $sentence"
    error $sentence
}

# The figure in the row of a utilisation report whose name matches a pattern.
proc used {report name} {
    if {![regexp "\\|\\s*${name}\\*?\\s*\\|\\s*(\[0-9.\]+)\\s*\\|" $report -> figure]} {
        refuse "the utilisation report has no row $name: it is of a version of Vivado that this script does not know"
    }
    return $figure
}

# Every resource against the board's budget.
proc check_size {report} {
    global board limits
    foreach {name limit} $limits {
        set figure [used $report $name]
        if {$figure > $limit} {
            refuse "the design does not fit $board: it needs $figure of $name, the board has $limit; compile with smaller folds or a smaller network"
        }
    }
}

# Setup and hold of every path that has a requirement; a design without such a path has lost its clock.
proc check_timing {setup hold} {
    global board
    foreach {kind paths} [list setup $setup hold $hold] {
        if {[llength $paths] == 0} {
            refuse "no path of $board has a $kind requirement: its clock is not where design.tcl says"
        }
        set slack [get_property SLACK [lindex $paths 0]]
        if {$slack < 0} {
            refuse "the clock of $board is not met: the worst $kind slack is $slack ns; compile with smaller folds"
        }
    }
}
