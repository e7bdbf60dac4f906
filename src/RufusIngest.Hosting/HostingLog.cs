using Microsoft.Extensions.Logging;

namespace RufusIngest.Hosting;

/// <summary>What the service says, beside what pipeline and uploader say themselves. Never a key or a token.</summary>
static partial class HostingLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Ingest has started{Journal}.")]
    public static partial void Started(ILogger logger, string journal);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Location}/{Session}: the journal keeps another token than the options give; the kept one is used.")]
    public static partial void OtherTokenKept(ILogger logger, string location, int session);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Location}: nothing is sent, and passings wait: {Problem}")]
    public static partial void Held(ILogger logger, string location, string problem);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Location}/{Session}: opened a session of its device, which closed the one that was active.")]
    public static partial void Opened(ILogger logger, string location, int session);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "Sending has failed and is over until the next start. Reading goes on; passings stay in the "
            + "journal.")]
    public static partial void SendingFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "The pipeline did not end in time: some {Bytes} bytes of reads are lost here; send the readers' logs "
            + "again.")]
    public static partial void NotEnded(ILogger logger, long bytes);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Location}/{Session}: {Waiting} passings up to {Last} are not acknowledged ({State}); they stay in "
            + "the journal for the next start.")]
    public static partial void LeftInJournal(
        ILogger logger, string location, int session, int waiting, int last, LocationState state);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "{Location}/{Session}: passings {First} to {Last} are not acknowledged, and there is no journal: they "
            + "end with this process, unless the host takes them.")]
    public static partial void Unsent(ILogger logger, string location, int session, int first, int last);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Ingest has stopped; everything is acknowledged or set aside.")]
    public static partial void AllSent(ILogger logger);
}
