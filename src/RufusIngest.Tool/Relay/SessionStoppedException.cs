using System.Diagnostics.CodeAnalysis;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Relay;

/// <summary>The cloud takes no more of a session in this run.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only the store makes it, and never without the stop.")]
sealed class SessionStoppedException(StoppedSession stopped) : Exception(stopped.Description)
{
    public StoppedSession Stopped { get; } = stopped;
}
