using System.Globalization;
using System.Text;

namespace RufusIngest.Tests.Support;

/// <summary>Points of an exchange at which a fault can act, in order.</summary>
public enum FaultPoint
{
    /// <summary>The request's head is here; nothing of its body was taken, the server knows nothing.</summary>
    RequestHead,

    /// <summary>The head and <see cref="Fault.Bytes"/> bytes of the body were forwarded.</summary>
    InRequest,

    /// <summary>The whole request is here. Nothing of it was forwarded.</summary>
    BeforeForward,

    /// <summary>The server has done it; its whole answer is here, and nothing of it was passed on.</summary>
    AfterForward,

    /// <summary><see cref="Fault.Bytes"/> bytes of the answer, its head counted, were passed on.</summary>
    InAnswer,

    /// <summary>The answer's last byte was passed on.</summary>
    AnswerPassed,
}

/// <summary>What a fault does.</summary>
enum FaultAct
{
    None,

    /// <summary>Waits for <see cref="Fault.Wait"/> and goes on.</summary>
    Delay,

    /// <summary>Waits until the test says how it goes on.</summary>
    Hold,

    /// <summary>Ends both connections. Bytes still unread make the system send a reset all the same.</summary>
    Close,

    /// <summary>Breaks both connections with a reset.</summary>
    Reset,

    /// <summary>
    /// Answers in the server's place. Before <see cref="FaultPoint.AfterForward"/> the server knows nothing of the
    /// request, at that point it has done it; later there is no room for it.
    /// </summary>
    Answer,
}

/// <summary>What the proxy does to one exchange.</summary>
sealed record Fault(FaultAct Act, FaultPoint Point)
{
    public static Fault None { get; } = new(FaultAct.None, FaultPoint.RequestHead);

    /// <summary>Where <see cref="FaultPoint.InRequest"/> and <see cref="FaultPoint.InAnswer"/> are.</summary>
    public int Bytes { get; init; }

    public TimeSpan Wait { get; init; }

    /// <summary>Status of an answer in the server's place.</summary>
    public int Status { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public static Fault Delay(FaultPoint point, TimeSpan wait) => new(FaultAct.Delay, point) { Wait = wait };

    public static Fault Hold(FaultPoint point, int bytes = 0) => new(FaultAct.Hold, point) { Bytes = bytes };

    public static Fault Close(FaultPoint point, int bytes = 0) => new(FaultAct.Close, point) { Bytes = bytes };

    public static Fault Reset(FaultPoint point, int bytes = 0) => new(FaultAct.Reset, point) { Bytes = bytes };

    public static Fault Answer(
        int status, int? retryAfterSeconds = null, FaultPoint point = FaultPoint.BeforeForward) =>
        point == FaultPoint.InRequest || point > FaultPoint.AfterForward
            ? throw new ArgumentOutOfRangeException(nameof(point), point, "An answer has no room here.")
            : new(FaultAct.Answer, point) { Status = status, RetryAfterSeconds = retryAfterSeconds };

    /// <summary>What it is counted under.</summary>
    public string Name => Act switch
    {
        FaultAct.None => "none",
        FaultAct.Answer => string.Create(CultureInfo.InvariantCulture, $"{Status} at {Point}"),
        _ => $"{Act} at {Point}",
    };

    /// <summary>An answer as the API writes one.</summary>
    public byte[] AnswerBytes()
    {
        string body = $$"""{"description":"Answer {{Status}} of the fault proxy"}""";
        string retry = RetryAfterSeconds is { } seconds ? $"Retry-After: {seconds}\r\n" : "";
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {Status} Fault\r\nContent-Type: application/json\r\n{retry}"
            + $"Content-Length: {body.Length}\r\n\r\n{body}"));
    }
}
