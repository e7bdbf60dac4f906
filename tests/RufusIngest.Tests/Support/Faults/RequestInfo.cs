namespace RufusIngest.Tests.Support;

/// <summary>One request that the proxy treated, and what became of it. Set by the proxy, read by any thread.</summary>
sealed class RequestInfo(int ordinal, HttpHead head)
{
    volatile int _reached = (int)FaultPoint.RequestHead;

    /// <summary>Among the treated requests of this proxy, from 1.</summary>
    public int Ordinal => ordinal;

    public string Method => head.FirstLine.Split(' ')[0];

    public string Target => head.FirstLine.Split(' ')[1];

    public long? ContentLength => head.ContentLength;

    public Fault Fault { get; internal set; } = Fault.None;

    /// <summary>The fault's point came while the client was there.</summary>
    public bool HasActed { get; internal set; }

    /// <summary>
    /// The last point that was passed. <see cref="FaultPoint.InRequest"/> and <see cref="FaultPoint.InAnswer"/> only
    /// when the fault is there.
    /// </summary>
    public FaultPoint Reached
    {
        get => (FaultPoint)_reached;
        internal set => _reached = (int)value;
    }

    /// <summary>The body as it was sent, chunk lines included; empty until it is here whole.</summary>
    public byte[] Body { get; internal set; } = [];

    /// <summary>Bytes given to the server, head included.</summary>
    public int BytesForwarded { get; internal set; }

    /// <summary>The whole request was given to the server.</summary>
    public bool IsForwarded { get; internal set; }

    /// <summary>Status of the server's answer; 0 while there is none.</summary>
    public int ServerStatus { get; internal set; }

    /// <summary>Bytes of an answer given to the client, head included.</summary>
    public int BytesAnswered { get; internal set; }

    /// <summary>Nothing more will happen to it.</summary>
    public bool IsOver { get; internal set; }
}

/// <summary>An exchange that stands still at its fault's point. A kill of the client changes nothing here.</summary>
sealed class HeldRequest(RequestInfo request)
{
    readonly TaskCompletionSource<bool> _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestInfo Request => request;

    public FaultPoint Point => request.Fault.Point;

    internal Task<bool> GoesOn => _goesOn.Task;

    /// <summary>Lets it go on: what was received is forwarded, or passed on, even if the client is no more.</summary>
    public void Release() => _goesOn.TrySetResult(true);

    /// <summary>Breaks both connections: what was not forwarded never is.</summary>
    public void Cut() => _goesOn.TrySetResult(false);
}
