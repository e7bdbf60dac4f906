using System.Diagnostics.CodeAnalysis;

namespace RufusIngest.Records;

/// <summary>What is wrong with a journal, told apart by what to do about it.</summary>
public enum JournalProblem
{
    /// <summary>The disk is full. Make room; it heals by itself.</summary>
    DiskFull,

    /// <summary>The file or its folder cannot be written. Give the right to write; it heals by itself.</summary>
    ReadOnly,

    /// <summary>The disk failed to read or write, or another program holds the file. It may heal by itself.</summary>
    Unavailable,

    /// <summary>Another process works with this journal, and its message names it. End it, or use another file.</summary>
    Held,

    /// <summary>It is no journal, or one of a version that this program does not know.</summary>
    NotAJournal,

    /// <summary>Records are damaged or missing. The journal can be repaired into another file.</summary>
    Damaged,

    /// <summary>
    /// The records now give another passing than the one that was kept, and perhaps sent, under its number: nothing may be
    /// sent. Go on with the version that wrote it, or rebase.
    /// </summary>
    Mismatch,
}

/// <summary>A journal cannot do what it was asked to. The message says where and what to do.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Never without the problem.")]
public sealed class JournalException : Exception
{
    /// <summary>Makes one.</summary>
    public JournalException(JournalProblem problem, string message, Exception? inner = null)
        : base(message, inner) => Problem = problem;

    /// <summary>What is wrong.</summary>
    public JournalProblem Problem { get; }

    /// <summary>The same call may succeed later.</summary>
    public bool MayHeal => Problem is JournalProblem.DiskFull or JournalProblem.ReadOnly or JournalProblem.Unavailable;
}
