using System.Diagnostics.CodeAnalysis;

namespace RufusIngest.Cloud;

/// <summary>
/// The upload ended while sessions hold passings their server does not take. Nothing is lost: they are in the store, or
/// <see cref="PassingsUploader.TakeUndelivered"/> gives them.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "Only the uploader makes it, and never without the sessions.")]
public sealed class DeliveryStoppedException : Exception
{
    internal DeliveryStoppedException(IReadOnlyList<StoppedSession> sessions)
        : base("Delivery stopped: " + string.Join("; ", sessions.Select(Describe))) => Sessions = sessions;

    /// <summary>The stopped sessions.</summary>
    public IReadOnlyList<StoppedSession> Sessions { get; }

    static string Describe(StoppedSession s) =>
        $"{s.Location} session {s.Session} from number {s.FirstUnsentNumber}: {s.Failure}, status {s.Status}"
        + (s.Description is null ? "" : $", {s.Description}");
}
