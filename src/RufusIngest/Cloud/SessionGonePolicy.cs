namespace RufusIngest.Cloud;

/// <summary>What to do when the server says that a session is unknown or closed.</summary>
public enum SessionGonePolicy
{
    /// <summary>Stop the session and report: somebody closed it, and may have meant to.</summary>
    Hold,

    /// <summary>
    /// Open another session of the same device and go on with the next number. Needs the device id given at
    /// <see cref="PassingsUploader.AttachSession"/>. <b>The server closes the session the device has open</b>: use it
    /// only where each device serves one local session at a time.
    /// </summary>
    OpenNew,
}
